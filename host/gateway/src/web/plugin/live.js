// Renews what changes on a page, when its plugin tells that something happened which concerns whoever looks. Nothing is
// shown that the page, asked for again, does not say; without script it stays as it was when it was opened.
"use strict";
const PAUSE = 2000;
const places = (page) => [...page.querySelectorAll("[data-live]")];
const source = location.pathname.split("/", 3).join("/") + "/live";
let events = null;
let asked = 0;
let waiting = null;

const renew = async () => {
  waiting = null;
  asked = Date.now();
  const answer = await fetch(location.href, { headers: { accept: "text/html" } }).catch(() => null);
  if (!answer || !answer.ok || answer.redirected) return;
  const fresh = places(new DOMParser().parseFromString(await answer.text(), "text/html"));
  const here = places(document);
  if (fresh.length !== here.length) return;
  here.forEach((old, at) => {
    // What somebody is typing in is not taken from under her.
    if (old.isEqualNode(fresh[at]) || old.contains(document.activeElement)) return;
    old.replaceChildren(...fresh[at].childNodes);
  });
};
const soon = () => {
  waiting ??= setTimeout(renew, Math.max(0, asked + PAUSE - Date.now()));
};
// A page that nobody sees holds no connection; seen again, it may have missed something.
const listen = (missed) => {
  if (document.hidden) {
    if (events) events.close();
    events = null;
  } else if (!events) {
    events = new EventSource(source);
    events.addEventListener("changed", soon);
    if (missed) soon();
  }
};
document.addEventListener("visibilitychange", () => listen(true));
listen(false);
