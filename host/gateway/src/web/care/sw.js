// Keeps the pages that a member saw, to be read without a connection; of one session at a time, and none after she
// signed out. It sends nothing later and changes nothing: what cannot be sent now is not sent.
"use strict";
const FILES = "hamlet-files-1";
const PAGES = "hamlet-pages-";
const PAGES_MAX = 60;
const OWN = ["/offline", "/assets/pages.css", "/assets/plugin.css", "/assets/care.js", "/icon.svg"];

self.addEventListener("install", (event) => event.waitUntil((async () => {
  const files = await caches.open(FILES);
  await files.addAll(OWN.map((path) => new Request(path, { cache: "reload" })));
  await self.skipWaiting();
})()));
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

const forget = async (but) => {
  for (const name of await caches.keys()) {
    if (name.startsWith(PAGES) && name !== but) await caches.delete(name);
  }
};

const put = async (url, page, person) => {
  const name = PAGES + person;
  await forget(name);
  const cache = await caches.open(name);
  await cache.delete(url);
  await cache.put(url, page);
  const known = await cache.keys();
  for (const old of known.slice(0, Math.max(0, known.length - PAGES_MAX))) await cache.delete(old);
};

// A page that was seen, with a line at its top that says since when it is so.
const seen = async (url) => {
  for (const name of await caches.keys()) {
    const page = name.startsWith(PAGES) && await (await caches.open(name)).match(url);
    if (!page) continue;
    const when = new Date(page.headers.get("date") || 0);
    const said = (await page.text())
      .replace('id="offline" hidden', 'id="offline"')
      .replace('<time id="offline-since">', `<time datetime="${when.toISOString()}">${when.toLocaleString()}`);
    return new Response(said, { headers: page.headers });
  }
  return null;
};

const sorry = async () => (await (await caches.open(FILES)).match("/offline")) || Response.error();

const navigate = async (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET") {
    if (url.pathname === "/sign-out") await forget();
    return fetch(request).catch(sorry);
  }
  let answer;
  try {
    answer = await fetch(request);
  } catch {
    return (await seen(request.url)) || sorry();
  }
  const person = answer.headers.get("hamlet-keep");
  if (answer.ok && person) event.waitUntil(put(request.url, answer.clone(), person));
  return answer;
};

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (url.origin !== self.location.origin) return;
  if (request.mode === "navigate") event.respondWith(navigate(event));
  else if (request.method === "GET" && OWN.includes(url.pathname)) {
    event.respondWith(fetch(request).catch(async () =>
      (await (await caches.open(FILES)).match(url.pathname)) || Response.error()));
  }
});
