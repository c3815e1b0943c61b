// Reads a code with the camera and opens the page that it names, where that is a page of this very origin. A browser
// that reads no codes shows no button; the words beside it say the other ways.
"use strict";
const begin = async (button) => {
  const box = button.closest(".h-scan");
  const video = box.querySelector("video");
  const said = box.querySelector("[role=status]");
  const words = button.textContent;
  let stream = null;
  const end = () => {
    if (stream) for (const track of stream.getTracks()) track.stop();
    stream = null;
    video.srcObject = null;
    video.hidden = true;
    button.textContent = words;
  };
  button.addEventListener("click", async () => {
    if (stream) return end();
    said.textContent = "";
    try {
      const reader = new BarcodeDetector({ formats: ["qr_code"] });
      stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
      video.srcObject = stream;
      video.hidden = false;
      button.textContent = button.dataset.stop;
      await video.play();
      while (stream) {
        for (const code of await reader.detect(video)) {
          let to = null;
          try { to = new URL(code.rawValue); } catch { /* Not an address. */ }
          if (to && to.origin === location.origin) {
            end();
            location.assign(to.pathname + to.search);
            return;
          }
          said.textContent = button.dataset.strange;
        }
        await new Promise((next) => setTimeout(next, 200));
      }
    } catch {
      end();
      said.textContent = button.dataset.refused;
    }
  });
};
if ("BarcodeDetector" in window && navigator.mediaDevices && window.isSecureContext) {
  BarcodeDetector.getSupportedFormats().then((formats) => {
    if (!formats.includes("qr_code")) return;
    for (const button of document.querySelectorAll("button[data-scan]")) {
      button.hidden = false;
      begin(button);
    }
  });
}
