/**
 * Untrusted text as Markdown: no HTML, no images (their address would tell a stranger that somebody reads), links that
 * carry no referrer. Mathematics and highlighted code are fetched only when a text has some.
 */
import { Suspense, use, useMemo } from "react";
import ReactMarkdown, { type Components, type Options } from "react-markdown";
import rehypeSanitize from "rehype-sanitize";
import remarkGfm from "remark-gfm";
import classes from "@/ui/Markdown.module.css";
import { hasCode, hasMath, schema } from "@/ui/markdownSchema";

const components: Components = {
  a: ({ href, children }) => (
    <a href={href} target="_blank" rel="noopener noreferrer nofollow">
      {children}
    </a>
  ),
  img: ({ alt }) => <span className={classes.image}>[image{alt ? `: ${alt}` : ""}]</span>,
  // A prompt's "# Title" must not become the page's own heading.
  h1: ({ children }) => <p className={classes.heading}>{children}</p>,
  h2: ({ children }) => <p className={classes.heading}>{children}</p>,
  h3: ({ children }) => <p className={classes.heading}>{children}</p>,
  h4: ({ children }) => <p className={classes.heading}>{children}</p>,
  h5: ({ children }) => <p className={classes.heading}>{children}</p>,
  h6: ({ children }) => <p className={classes.heading}>{children}</p>,
  input: ({ checked }) => <span aria-hidden>{checked ? "☑ " : "☐ "}</span>,
  // Scrolls sideways in itself; focusable so that a keyboard can do so.
  pre: ({ children }) => (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: see above
    <pre tabIndex={0}>{children}</pre>
  ),
};

type Plugins = Pick<Options, "remarkPlugins" | "rehypePlugins">;

const PLAIN: Plugins = { remarkPlugins: [remarkGfm], rehypePlugins: [[rehypeSanitize, schema]] };
const loads = new Map<string, Promise<Plugins>>();

async function load(math: boolean, code: boolean): Promise<Plugins> {
  const [mathematics, highlighting] = await Promise.all([
    math ? import("@/ui/markdownMath") : null,
    code ? import("rehype-highlight") : null,
  ]);
  return {
    remarkPlugins: [remarkGfm, ...(mathematics?.remarkPlugins ?? [])],
    // Sanitised first: what KaTeX and the highlighter add is ours.
    rehypePlugins: [
      [rehypeSanitize, schema],
      ...(mathematics?.rehypePlugins ?? []),
      ...(highlighting ? [[highlighting.default, { detect: false }] as const] : []),
    ] as Plugins["rehypePlugins"],
  };
}

function pluginsFor(math: boolean, code: boolean): Promise<Plugins> {
  const key = `${math}${code}`;
  const promise = loads.get(key) ?? load(math, code).catch(() => PLAIN);
  loads.set(key, promise);
  return promise;
}

type MarkdownProps = { text: string; isPlain?: boolean };

export function Markdown({ text, isPlain = false }: MarkdownProps) {
  const needs = useMemo(() => ({ math: hasMath(text), code: hasCode(text) }), [text]);
  if (isPlain) return <div className={classes.plain}>{text}</div>;
  const plain = <Rendered text={text} plugins={PLAIN} />;
  return (
    <div className={classes.markdown}>
      {needs.math || needs.code ? (
        <Suspense fallback={plain}>
          <Enriched text={text} promise={pluginsFor(needs.math, needs.code)} />
        </Suspense>
      ) : (
        plain
      )}
    </div>
  );
}

function Enriched({ text, promise }: { text: string; promise: Promise<Plugins> }) {
  return <Rendered text={text} plugins={use(promise)} />;
}

function Rendered({ text, plugins }: { text: string; plugins: Plugins }) {
  return (
    <ReactMarkdown skipHtml components={components} {...plugins}>
      {text}
    </ReactMarkdown>
  );
}
