/** Where a small box stands beside what it is about: above or below it, and always within the window. */
const GAP = 6;
const MARGIN = 8;

export function placeBeside(box: HTMLElement, target: Element): void {
  const around = target.getBoundingClientRect();
  const { width, height } = box.getBoundingClientRect();
  const rightmost = document.documentElement.clientWidth - width - MARGIN;
  const left = Math.max(MARGIN, Math.min(around.left + (around.width - width) / 2, rightmost));
  const above = around.top - height - GAP;
  box.style.left = `${left}px`;
  box.style.top = `${above >= MARGIN ? above : around.bottom + GAP}px`;
}
