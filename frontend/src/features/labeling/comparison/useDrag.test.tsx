import { fireEvent, render } from "@testing-library/react";
import { useState } from "react";
import { expect, test, vi } from "vitest";
import { useDrag } from "@/features/labeling/comparison/useDrag";

const drop = vi.fn();

/** A chip that a key takes away under the pointer, and another one beside it. */
function Board() {
  const { drag, handle } = useDrag(drop);
  const [isThere, setThere] = useState(true);
  return (
    <>
      {isThere && <button type="button" {...handle(1)} onKeyDown={() => setThere(false)} title="chip" />}
      <button type="button" {...handle(2)} title="other" />
      <p>{drag ? `Dragging ${drag.id}` : "Nothing"}</p>
    </>
  );
}

function takeUp() {
  document.elementsFromPoint = () => [];
  const page = render(<Board />);
  const chip = page.getByTitle("chip");
  fireEvent.pointerDown(chip, { button: 0, buttons: 1, isPrimary: true });
  fireEvent.pointerMove(chip, { clientX: 20, buttons: 1 });
  page.getByText("Dragging 1");
  fireEvent.keyDown(chip, { key: "1" });
  page.getByText("Dragging 1");
  return page;
}

test("a chip that goes away under the pointer is let go with it", () => {
  const page = takeUp();
  fireEvent.pointerUp(document.body, { isPrimary: false });
  page.getByText("Dragging 1");
  fireEvent.pointerUp(document.body, { isPrimary: true });
  page.getByText("Nothing");
  expect(drop).not.toHaveBeenCalled();
  page.unmount();
});

test("a pointer that comes back with no button down holds nothing", () => {
  const page = takeUp();
  fireEvent.pointerMove(page.getByTitle("other"), { clientX: 30, buttons: 0 });
  page.getByText("Nothing");
  page.unmount();
});
