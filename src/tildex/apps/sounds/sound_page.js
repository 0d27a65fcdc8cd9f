"use strict";
// A click on a point plays its sound; the list beside the map links to the nearest ones.
const data = JSON.parse(document.getElementById("data").textContent);
const map = document.getElementById("map");
const ring = document.getElementById("ring");
const points = [...map.querySelectorAll("circle:not(#ring)")];
const player = document.getElementById("player");
const list = document.getElementById("near");
let chosen = -1;

function titled(k) {
  return data.kinds.length ? `${data.names[k]} (${data.kinds[k]})` : data.names[k];
}

function choose(k) {
  chosen = k;
  points.forEach((point) => point.classList.remove("near"));
  data.near[k].forEach((other) => points[other].classList.add("near"));
  ring.setAttribute("cx", points[k].getAttribute("cx"));
  ring.setAttribute("cy", points[k].getAttribute("cy"));
  ring.setAttribute("visibility", "visible");
  document.getElementById("name").textContent = data.names[k];
  document.getElementById("kind").textContent = data.kinds.length ? data.kinds[k] : "";
  list.replaceChildren(...data.near[k].map((other) => {
    const item = document.createElement("li");
    const button = document.createElement("button");
    button.textContent = titled(other);
    button.addEventListener("click", () => choose(other));
    item.append(button);
    return item;
  }));
  player.hidden = !data.clips[k];
  if (data.clips[k]) {
    player.src = `data:${data.type};base64,${data.clips[k]}`;
    player.play().catch(() => {});
  }
}

points.forEach((point, k) => {
  const title = document.createElementNS("http://www.w3.org/2000/svg", "title");
  title.textContent = titled(k);
  point.append(title);
});

// A click selects the nearest point, so that no exact hit is needed.
map.addEventListener("click", (event) => {
  const place = new DOMPoint(event.clientX, event.clientY).matrixTransform(map.getScreenCTM().inverse());
  let best = -1;
  let least = Infinity;
  points.forEach((point, k) => {
    const distance = Math.hypot(point.cx.baseVal.value - place.x, point.cy.baseVal.value - place.y);
    if (distance < least) {
      least = distance;
      best = k;
    }
  });
  choose(best);
});

document.addEventListener("keydown", (event) => {
  const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
  if (step && event.target !== player) {
    event.preventDefault();
    choose((chosen + step + points.length) % points.length);
  }
});

// An address ending in #12 opens the page at the thirteenth sound.
function follow() {
  const k = Number.parseInt(location.hash.slice(1), 10);
  if (k >= 0 && k < points.length) choose(k);
}
window.addEventListener("hashchange", follow);
follow();
