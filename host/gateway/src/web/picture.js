// Makes a photograph smaller before it is sent: a phone's are larger than a page needs, and tell where they were taken.
// What cannot be made smaller here is sent as it is; the host takes or refuses it.
"use strict";
const LONGEST = 1600;
for (const field of document.querySelectorAll("[data-picture]")) {
  field.addEventListener("change", async () => {
    const file = field.files[0];
    if (!file) return;
    try {
      const picture = await createImageBitmap(file, { imageOrientation: "from-image" });
      const scale = Math.min(1, LONGEST / Math.max(picture.width, picture.height));
      const canvas = document.createElement("canvas");
      canvas.width = Math.round(picture.width * scale);
      canvas.height = Math.round(picture.height * scale);
      canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
      const blob = await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.85));
      if (!blob || blob.size >= file.size) return;
      const made = new DataTransfer();
      made.items.add(new File([blob], "picture.jpg", { type: "image/jpeg" }));
      field.files = made.files;
    } catch { /* As it is. */ }
  });
}
