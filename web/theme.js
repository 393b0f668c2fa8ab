// Light, dark, or as the system has it.

const THEMES = ["auto", "light", "dark"];
const SAVED = "alice.theme";

let chosen = "auto";
try {
  chosen = THEMES.includes(localStorage.getItem(SAVED)) ? localStorage.getItem(SAVED) : "auto";
} catch {
  // storage is refused: as the system has it
}

function show() {
  if (chosen === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = chosen;
}

export const theme = () => chosen;

export function nextTheme() {
  chosen = THEMES[(THEMES.indexOf(chosen) + 1) % THEMES.length];
  try {
    localStorage.setItem(SAVED, chosen);
  } catch {
    // until the next visit
  }
  show();
}

show();
