// Passes a page on: by the phone's own sheet where it has one, or to the clipboard. Without it, the text is there to be
// copied by hand.
"use strict";
for (const box of document.querySelectorAll("[data-share]")) {
  const text = box.querySelector("textarea").value;
  const sheet = box.querySelector('[data-share-by="sheet"]');
  const copy = box.querySelector('[data-share-by="copy"]');
  if (navigator.share) {
    sheet.hidden = false;
    // Whoever closes the sheet again has not done anything wrong.
    sheet.addEventListener("click", () => navigator.share({ text }).catch(() => {}));
  }
  if (navigator.clipboard) {
    copy.hidden = false;
    copy.addEventListener("click", () =>
      navigator.clipboard.writeText(text).then(() => { copy.textContent = copy.dataset.done; }, () => {}));
  }
}
