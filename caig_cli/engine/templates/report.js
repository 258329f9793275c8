// Keep and discard: which pictures are kept is remembered by this browser and listed to copy.
(() => {
  const store = "caig:" + location.pathname;
  const list = document.getElementById("kept"), told = document.getElementById("told");
  const cards = [...document.querySelectorAll("[data-pick]")];
  if (!list) return;
  document.documentElement.classList.add("js");
  let picked = {};
  try { picked = JSON.parse(localStorage.getItem(store)) || {}; } catch { picked = {}; }
  const show = () => {
    for (const card of cards) {
      const said = picked[card.dataset.pick] || "";
      card.dataset.said = said;
      for (const button of card.querySelectorAll("button")) {
        button.setAttribute("aria-pressed", String(button.value === said));
      }
    }
    const kept = cards.filter((card) => card.dataset.said === "keep");
    const gone = cards.filter((card) => card.dataset.said === "discard").length;
    list.value = kept.map((card) => card.dataset.pick).join("\n");
    list.rows = Math.max(2, kept.length);
    told.textContent = `${kept.length} kept, ${gone} discarded, ${cards.length - kept.length - gone} open`;
    try { localStorage.setItem(store, JSON.stringify(picked)); } catch { /* a browser that keeps nothing */ }
  };
  for (const card of cards) {
    card.addEventListener("click", (event) => {
      const button = event.target.closest("button");
      if (!button) return;
      picked[card.dataset.pick] = card.dataset.said === button.value ? "" : button.value;
      show();
    });
  }
  document.getElementById("copy").addEventListener("click", async () => {
    list.select();
    try { await navigator.clipboard.writeText(list.value); } catch { document.execCommand("copy"); }
    told.textContent = "copied";
  });
  show();
})();
