import { render } from "@testing-library/react";
import { expect, test, vi } from "vitest";
import { heightOf, roomFor } from "@/ui/heights";

const footer = heightOf("--footer-height");
const message = roomFor("--footer-height");
const notice = heightOf("--notice-height");

/** As a browser does after the layout: each observed element is reported. */
function layOut(): void {
  for (const report of reports) report();
}

const reports = new Set<() => void>();

class Observer {
  readonly report: () => void;
  constructor(report: () => void) {
    this.report = report;
  }
  observe(): void {
    reports.add(this.report);
  }
  disconnect(): void {
    reports.delete(this.report);
  }
}

test("what is anywhere in the page knows the height of the footer, and nobody else does", () => {
  vi.stubGlobal("ResizeObserver", Observer);
  const height = vi.spyOn(HTMLElement.prototype, "offsetHeight", "get").mockReturnValue(60);
  const Page = ({ hasFooter, hasMessage = true }: { hasFooter: boolean; hasMessage?: boolean }) => (
    <>
      <main>{hasFooter && <footer ref={footer} />}</main>
      <aside ref={notice} />
      {hasMessage && <p ref={message} />}
    </>
  );
  const page = render(<Page hasFooter />);
  const room = () => page.container.querySelector("p")?.style.getPropertyValue("--footer-height");
  layOut();
  expect(room()).toBe("60px");
  expect(page.container.querySelector("p")?.style.getPropertyValue("--notice-height")).toBe("");
  for (const other of page.container.querySelectorAll("main, footer, aside"))
    expect(other.getAttribute("style")).toBeNull();
  height.mockReturnValue(90);
  layOut();
  expect(room()).toBe("90px");
  page.rerender(<Page hasFooter hasMessage={false} />);
  page.rerender(<Page hasFooter />);
  expect(room(), "who comes later knows it at once").toBe("90px");
  page.rerender(<Page hasFooter={false} />);
  expect(room()).toBe("");
});

test("of two in one place the higher counts, and the other once it is gone", () => {
  vi.stubGlobal("ResizeObserver", Observer);
  vi.spyOn(HTMLElement.prototype, "offsetHeight", "get").mockImplementation(function (this: HTMLElement) {
    return Number(this.dataset.height);
  });
  const Page = ({ hasHigher }: { hasHigher: boolean }) => (
    <>
      {hasHigher && <footer ref={footer} data-height="80" />}
      <footer ref={footer} data-height="50" />
      <p ref={message} />
    </>
  );
  const page = render(<Page hasHigher />);
  const room = () => page.container.querySelector("p")?.style.getPropertyValue("--footer-height");
  layOut();
  expect(room()).toBe("80px");
  page.rerender(<Page hasHigher={false} />);
  expect(room()).toBe("50px");
});
