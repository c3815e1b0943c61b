// The one port between a plugin's frame and the host. The frame has an opaque origin, no network and no cookies; what it
// asks over the port is asked here with the rights of whoever looks, for functions of that plugin alone. A query is
// answered. A command is never done: a line of the host's below the frame leads to the host's own form of it.
"use strict";
for (const box of document.querySelectorAll(".h-frame[data-frame]")) {
  const frame = box.querySelector("iframe");
  const line = box.querySelector("[role=status]");
  const token = document.querySelector("input[name=csrf]");
  const word = /^[a-z][a-z0-9-]{0,63}$/;
  let port = null;
  let flying = 0;
  const offer = (page, name) => {
    const link = document.createElement("a");
    link.href = page;
    link.className = "button quiet";
    link.textContent = box.dataset.look;
    line.replaceChildren(`${box.dataset.asks} ${name.replaceAll("-", " ")}. `, link);
    line.hidden = false;
  };
  const answer = async (asked) => {
    if (!word.test(asked.interface) || !word.test(asked.function) || flying >= 8) return { refused: "not-asked-well" };
    flying += 1;
    try {
      const sent = await fetch(`${box.dataset.frame}/${asked.interface}/${asked.function}`, {
        method: "POST",
        headers: { "content-type": "application/json", "x-hamlet-csrf": token ? token.value : "" },
        body: JSON.stringify(asked.arguments ?? {}),
      });
      const said = await sent.json();
      if (!sent.ok) return { refused: said.detail || "refused" };
      if (typeof said.page === "string" && said.page.startsWith("/p/")) {
        offer(said.page, asked.function);
        return { asked: true };
      }
      return said;
    } catch {
      return { refused: "not-reached" };
    } finally {
      flying -= 1;
    }
  };
  const open = () => {
    if (port) port.close();
    const channel = new MessageChannel();
    port = channel.port1;
    const mine = port;
    mine.onmessage = async ({ data }) => {
      if (!data || typeof data !== "object" || !Number.isSafeInteger(data.id)) return;
      mine.postMessage({ id: data.id, ...await answer(data) });
    };
    // Its origin is opaque, so it has no name to send to; what the frame may show is held by the page's policy.
    frame.contentWindow.postMessage({ hamlet: 1 }, "*", [channel.port2]);
  };
  frame.addEventListener("load", open);
  // It may have loaded before this script did.
  open();
}
