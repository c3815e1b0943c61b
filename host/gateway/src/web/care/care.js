// Two things that a browser does for its owner: it keeps the newest checkpoint of the community's journal that it
// saw, and says so when a newer one does not continue it; and it keeps pages to look at without a connection.
"use strict";
(() => {
const KEPT = "hamlet-checkpoint";
// So often in a row a host may fail to prove that it only grew.
const REFUSALS_MAX = 10;
const PAGES = "hamlet-pages-";
const meta = (name) => document.querySelector(`meta[name="hamlet-${name}"]`)?.content;
const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
const same = (one, other) => one.length === other.length && one.every((byte, at) => byte === other[at]);
const node = async (left, right) =>
  new Uint8Array(await crypto.subtle.digest("SHA-256", new Uint8Array([1, ...left, ...right])));

class Differs extends Error {}

// A C2SP checkpoint: origin, size, head, then signatures.
const read = (note) => {
  const [origin, size, root] = note.split("\n");
  return { origin, size: BigInt(size), root: bytes(root) };
};

// Whether the key NAME+ID+BASE64 signed it. A browser without Ed25519 checks the hashes alone.
const signed = async (note, key) => {
  const name = key.slice(0, key.indexOf("+"));
  let verifier;
  try {
    const raw = bytes(key.slice(name.length + 10)).slice(1);
    verifier = await crypto.subtle.importKey("raw", raw, { name: "Ed25519" }, false, ["verify"]);
  } catch {
    return true;
  }
  const cut = note.lastIndexOf("\n\n") + 1;
  const line = note.slice(cut + 1).split("\n").find((line) => line.startsWith(`\u2014 ${name} `));
  const signature = line && bytes(line.slice(name.length + 3)).slice(4);
  const text = new TextEncoder().encode(note.slice(0, cut));
  return Boolean(signature) && crypto.subtle.verify({ name: "Ed25519" }, verifier, signature, text);
};

// RFC 9162, 2.1.4.2: whether the tree `now` holds all that the tree `old` did, in its place.
const grew = async (old, now, path) => {
  if (old.size > now.size) return false;
  if (old.size === now.size) return path.length === 0 && same(old.root, now.root);
  if (old.size === 0n) return path.length === 0;
  let [number, last] = [old.size - 1n, now.size - 1n];
  while (number & 1n) [number, last] = [number >> 1n, last >> 1n];
  const rest = [...path];
  const first = (old.size & (old.size - 1n)) === 0n ? old.root : rest.shift();
  if (!first) return false;
  let [before, after] = [first, first];
  for (const sibling of rest) {
    if (last === 0n) return false;
    if (number & 1n || number === last) {
      before = await node(sibling, before);
      after = await node(sibling, after);
      while (!(number & 1n) && number !== 0n) [number, last] = [number >> 1n, last >> 1n];
    } else {
      after = await node(after, sibling);
    }
    [number, last] = [number >> 1n, last >> 1n];
  }
  return last === 0n && same(before, old.root) && same(after, now.root);
};

const keep = (key, note, refusals = 0) => localStorage.setItem(KEPT, JSON.stringify({ key, note, refusals }));

const look = async (key, note, kept) => {
  if (!(await signed(note, key))) throw new Differs();
  if (!kept) return keep(key, note);
  if (kept.key !== key) throw new Differs();
  const [old, seen] = [read(kept.note), read(note)];
  if (old.size === seen.size) {
    if (!same(old.root, seen.root)) throw new Differs();
    return;
  }
  const answer = await fetch("/api/proofs/consistency", { method: "POST", body: kept.note, credentials: "omit" });
  if (!answer.ok) {
    const said = await answer.json().catch(() => ({}));
    const refusals = (kept.refusals || 0) + 1;
    keep(key, kept.note, refusals);
    if (/history-differs|checkpoint-invalid/.test(said.type || "") || refusals > REFUSALS_MAX) throw new Differs();
    return;
  }
  const proof = await answer.json();
  const now = read(proof.new);
  const good = proof.old === kept.note && await signed(proof.new, key) && await grew(old, now, proof.path.map(bytes));
  if (!good || (now.size === seen.size && !same(now.root, seen.root))) throw new Differs();
  keep(key, proof.new);
};

// What the page says instead of anything else, with what was seen before as evidence.
const warn = (key, note, kept) => {
  const box = document.getElementById("history-differs");
  if (!box) return;
  box.hidden = false;
  box.querySelector("textarea").value = kept ? kept.note : note;
  box.querySelector("button").addEventListener("click", () => {
    keep(key, note);
    location.reload();
  });
  document.querySelector("main").replaceChildren(box);
  document.body.classList.add("differs");
};

const watch = async () => {
  const key = meta("key");
  if (!key || !window.isSecureContext || !crypto.subtle) return;
  const note = new TextDecoder().decode(bytes(meta("checkpoint")));
  const kept = JSON.parse(localStorage.getItem(KEPT) || "null");
  try {
    await look(key, note, kept);
  } catch (error) {
    // Without a connection nothing can be said.
    if (error instanceof Differs) warn(key, note, kept);
  }
};

const offline = async () => {
  if (!("serviceWorker" in navigator) || !window.isSecureContext) return;
  if (meta("person")) return navigator.serviceWorker.register("/sw.js");
  // What is shown without a connection is nobody's page, and says nothing of who is signed in.
  if (meta("offline")) return;
  // Nobody is signed in: no page of anybody stays here.
  for (const name of await caches.keys()) if (name.startsWith(PAGES)) await caches.delete(name);
};

watch();
offline().catch(() => {});
})();
