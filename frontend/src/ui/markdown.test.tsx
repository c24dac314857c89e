import { MantineProvider } from "@mantine/core";
import { render } from "@testing-library/react";
import { describe, expect, test } from "vitest";
import { Markdown } from "@/ui/Markdown";
import { hasCode, hasMath } from "@/ui/markdownSchema";

function html(text: string): HTMLElement {
  return render(
    <MantineProvider>
      <Markdown text={text} />
    </MantineProvider>,
  ).container;
}

describe("Markdown of strangers", () => {
  test("runs nothing and fetches nothing", () => {
    const page = html(
      '<script>alert(1)</script><img src="https://example.org/a.png">\n\n![spy](https://example.org/b.png)\n\n[x](javascript:alert(1)) <b onclick="x">b</b>',
    );
    expect(page.querySelectorAll("script, img, [onclick]")).toHaveLength(0);
    expect(page.querySelector("a")?.getAttribute("href") ?? "").not.toContain("javascript");
    expect(page.textContent).toContain("[image: spy]");
  });

  test("keeps the page's own outline of headings", () => {
    expect(html("# Title").querySelectorAll("h1, h2, h3")).toHaveLength(0);
  });
});

test("mathematics is not money", () => {
  expect(hasMath("It costs $5 and then $10.")).toBe(false);
  expect(hasMath("so $x^2$ holds")).toBe(true);
  expect(hasCode("```python\nprint(1)\n```")).toBe(true);
  expect(hasCode("plain `code`")).toBe(false);
});
