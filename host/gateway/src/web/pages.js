// The only script of the pages: passkeys, which the browser does by script alone. Every form works without it.
"use strict";
const post = async (form, path, body) => {
  const answer = await fetch(path, {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded", accept: "application/json" },
    body: new URLSearchParams({ csrf: form.dataset.csrf || "", ...body }),
  });
  const said = await answer.json();
  if (!answer.ok) throw new Error(said.detail || answer.statusText);
  return said;
};
const say = (form, text) => {
  const line = form.querySelector("[role=alert]");
  line.textContent = text;
  line.hidden = !text;
};
const able = window.PublicKeyCredential && PublicKeyCredential.parseRequestOptionsFromJSON;
const publicKey = (options) => options.publicKey || options;

for (const form of document.querySelectorAll("form[data-passkey]")) {
  if (!able || !window.isSecureContext) continue;
  form.hidden = false;
  const kind = form.dataset.passkey;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    say(form, "");
    const button = form.querySelector("button");
    button.disabled = true;
    try {
      const name = form.elements.name ? form.elements.name.value : "";
      // With a short name typed the host says which passkeys are hers, for those that the browser does not find.
      const named = form.dataset.named && document.getElementById(form.dataset.named);
      const options = await post(form, form.dataset.options, named ? { handle: named.value } : {});
      const credential = kind === "create"
        ? await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(publicKey(options)) })
        : await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(publicKey(options)) });
      const done = await post(form, form.action, { credential: JSON.stringify(credential), name, to: form.dataset.to || "" });
      location.assign(done.to);
    } catch (error) {
      say(form, error.name === "NotAllowedError" ? form.dataset.cancelled : error.message);
    } finally {
      button.disabled = false;
    }
  });
}

// Conditional UI: the browser offers a passkey in the line where the name is typed.
const first = document.querySelector("form[data-passkey=get][data-conditional]");
if (first && able && PublicKeyCredential.isConditionalMediationAvailable) {
  PublicKeyCredential.isConditionalMediationAvailable().then(async (available) => {
    if (!available) return;
    const waiting = new AbortController();
    first.addEventListener("submit", () => waiting.abort(), { capture: true });
    try {
      const options = await post(first, first.dataset.options, {});
      const credential = await navigator.credentials.get({
        mediation: "conditional", signal: waiting.signal,
        publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(publicKey(options)),
      });
      const done = await post(first, first.action, { credential: JSON.stringify(credential), name: "", to: first.dataset.to || "" });
      location.assign(done.to);
    } catch (error) {
      if (error.name !== "AbortError") say(first, error.name === "NotAllowedError" ? "" : error.message);
    }
  });
}

for (const button of document.querySelectorAll("button[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}
for (const button of document.querySelectorAll("button[data-copy]")) {
  if (!navigator.clipboard) continue;
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(button.dataset.copy);
    button.textContent = button.dataset.copied;
  });
}
