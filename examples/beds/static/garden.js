// The picture of the garden. It has no network, no cookies and no way to the page around it: one port, over which it asks
// the host for this plugin's functions, with the rights of whoever looks. A command is not done from here: the host
// shows it to her, and she presses.
"use strict";
const list = document.querySelector("#beds");
const said = document.querySelector("#said");
let port = null;
let next = 1;
const waiting = new Map();
const ask = (name, given) => new Promise((done) => {
  const id = next++;
  waiting.set(id, done);
  port.postMessage({ id, interface: "garden", function: name, arguments: given });
});
const draw = (beds) => {
  list.replaceChildren(...beds.map((bed) => {
    const button = document.createElement("button");
    button.textContent = bed.crop ? `${bed.number} ${bed.crop}` : `${bed.number}`;
    button.className = bed.crop ? "grows" : "";
    button.addEventListener("click", async () => {
      said.textContent = bed.crop || "…";
      if (bed.crop) return;
      const answer = await ask("plant", { number: bed.number, crop: "Beans" });
      said.textContent = answer.asked ? "↓" : JSON.stringify(answer.refused);
    });
    const item = document.createElement("li");
    item.append(button);
    return item;
  }));
};
addEventListener("message", async (event) => {
  if (!event.ports[0] || port) return;
  port = event.ports[0];
  port.onmessage = ({ data }) => {
    waiting.get(data.id)?.(data);
    waiting.delete(data.id);
  };
  const answer = await ask("beds", {});
  said.textContent = "";
  if (answer.ok) draw(answer.ok);
});
