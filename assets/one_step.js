// One act is one entry of the browser's history. Streamlit pushes an entry for each address it sets: several for one turn
// of a slider by the keyboard, and two for a page chosen in its bar (the page bare, then with its address).
const PAUSE_MS = 1500;

export default function () {
  if (window.powerladderOneStep) return;
  window.powerladderOneStep = true;
  const push = history.pushState.bind(history);
  let act = 0, lastKeyAt = 0, lastTarget = null, pushedAct = -1, isBare = false;

  document.addEventListener("keydown", (event) => {
    const isSlider = event.target?.matches?.('[role="slider"], input[type="range"]') ?? false;
    const goesOn = isSlider && event.target === lastTarget && event.timeStamp - lastKeyAt < PAUSE_MS;
    if (!goesOn) act += 1;
    lastTarget = isSlider ? event.target : null;
    lastKeyAt = event.timeStamp;
  }, true);
  document.addEventListener("pointerdown", () => { act += 1; lastTarget = null; }, true);
  window.addEventListener("popstate", () => { act += 1; lastTarget = null; isBare = false; }, true);

  history.pushState = function (state, title, url) {
    const to = new URL(url ?? "", location.href);
    const isSamePage = to.pathname === location.pathname;
    const isSameAct = lastTarget !== null && act === pushedAct;
    if (isSamePage && (isBare || isSameAct)) history.replaceState(state, title, url);
    else push(state, title, url);
    if (lastTarget !== null && isSamePage) pushedAct = act;
    isBare = !isSamePage && to.search === "";
  };
}
