import { MantineProvider } from "@mantine/core";
import { render } from "@testing-library/react";
import { describe, expect, test } from "vitest";
import { directionOf } from "@/ui/direction";
import { Markdown } from "@/ui/Markdown";
import { inDollars } from "@/ui/markdownDollars";
import { hasCode, hasMath, isOutside } from "@/ui/markdownSchema";

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

describe("formulas", () => {
  test("brackets of LaTeX become dollars, and money stays money", () => {
    expect(inDollars("so \\(a^2\\) and \\[ x \\]")).toBe("so $a^2$ and\n\n $$\n x\n $$\n\n");
    expect(inDollars("$5 and then $10, but $x^2$")).toBe("\\$5 and then \\$10, but $x^2$");
    expect(inDollars("$$a \\\\[2pt] b$$ and \\$3")).toBe("$$a \\\\[2pt] b$$ and \\$3");
  });

  test("two dollars on a line of their own are a display, and swallow nothing that follows", () => {
    const display = "\n\n$$\nx = 1\n$$\n\n";
    expect(inDollars("so\n$$x = 1$$\nholds")).toBe(`so\n${display}\nholds`);
    expect(inDollars("$$\nx = 1\n$$")).toBe(display);
    expect(inDollars("$$x =\n1$$\n\nrest")).toBe("\n\n$$\nx =\n1\n$$\n\n\n\nrest");
    expect(inDollars("$$x =\n1$$ holds")).toBe("$$x = 1$$ holds");
    for (const inline of ["so $$x$$ holds", "| $$x$$ | 1 |", "`a` $$x$$", "$$x$$ `a`", "> $$\n> x\n> $$"])
      expect(inDollars(inline)).toBe(inline);
  });

  test("dollars that are prices take no text with them", () => {
    const money = (text: string) => expect(inDollars(text)).toBe(text.replaceAll("$", "\\$"));
    money("$$ is mid-range.\n\nSecond paragraph.\n\nA place with $$ is fine.");
    money("- $$ moderate\n- $$$ expensive");
    money("- Lunch: $$ (cheap)\n- Dinner: $$ too");
    money("1. $$\n2. $$\n3. $$$$");
    money("$$ is mid-range, $$$ is dear, and $$$$ for kings");
    money("from $$ up to a lot more $$");
    money("a $$mid one and x$ more");
    expect(inDollars("$$x = a\n+ b$$")).toBe("\n\n$$\nx = a\n+ b\n$$\n\n");
    expect(inDollars("$$\n- a\n\n+ b\n$$")).toBe("\n\n$$\n- a\n\n+ b\n$$\n\n");
    for (const formula of ["so $$ E = mc^2 $$ is", "- $$\n  x\n  $$"])
      expect(inDollars(formula)).toBe(formula);
  });

  test("code is left alone", () => {
    const code = "`\\(a\\) $1`\n```sh\necho $HOME \\(x\\)\n```\n";
    expect(inDollars(code)).toBe(code);
    expect(inDollars("```\n\\(never closed\\)")).toBe("```\n\\(never closed\\)");
  });
});

describe("direction", () => {
  test("is that of the first letter", () => {
    expect(directionOf("1. مرحبا Hello")).toBe("rtl");
    expect(directionOf("Hello مرحبا")).toBe("ltr");
    expect(directionOf("שלום")).toBe("rtl");
    expect(directionOf("123 …")).toBeNull();
  });

  test("belongs to each block, a list's to the whole list, and code is always left to right", () => {
    const page = html(
      "- واحد\n\n- اثنان\n\nEnglish\n\n| الاسم | n |\n|---|---|\n| a | 1 |\n\n```\nقيمة = 1\n```",
    );
    const direction = (selector: string) => page.querySelector(selector)?.getAttribute("dir");
    expect([direction("ul"), direction("li"), direction("li p")]).toEqual(["rtl", "rtl", "rtl"]);
    expect(direction("ul ~ p")).toBe("ltr");
    expect([direction("table"), direction("td"), direction("pre")]).toEqual(["rtl", "ltr", "ltr"]);
  });
});

test("links lead outside or nowhere, and no text brings ids along", () => {
  expect(["https://a.example", "mailto:a@b.c"].map(isOutside)).toEqual([true, true]);
  for (const address of ["/profile", "#top", "//a.example", "javascript:x", "data:text/html,x", undefined])
    expect(isOutside(address)).toBe(false);
  const page = html("[here](/profile) text[^1] [out](https://a.example)\n\n[^1]: A note.");
  expect([...page.querySelectorAll("a")].map((link) => link.getAttribute("href"))).toEqual([
    "https://a.example",
  ]);
  expect(page.querySelectorAll("[id], [name]")).toHaveLength(0);
  expect(page.textContent).toContain("A note.");
});
