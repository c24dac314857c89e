/**
 * Untrusted text as Markdown: no HTML, no images (their address would tell a stranger that somebody reads), links that
 * carry no referrer. Mathematics and highlighted code are fetched only when a text has some. Each block has the direction
 * of its own first letter, so that Arabic beside English is read as it is written.
 */
import { type ComponentProps, Suspense, use, useMemo } from "react";
import ReactMarkdown, { type Components, type ExtraProps, type Options } from "react-markdown";
import rehypeSanitize from "rehype-sanitize";
import remarkGfm from "remark-gfm";
import { ImageNote } from "@/ui/ImageNote";
import classes from "@/ui/Markdown.module.css";
import { hasCode, hasMath, isOutside, schema } from "@/ui/markdownSchema";
import { SidewaysScroll } from "@/ui/SidewaysScroll";

type Block = "p" | "ul" | "ol" | "li" | "blockquote" | "th" | "td";

function withOwnDirection(Tag: Block) {
  return ({ node: _, ...props }: ComponentProps<"p"> & ExtraProps) => {
    const Any = Tag as "p";
    return <Any dir="auto" {...props} />;
  };
}

/** A prompt's "# Title" must not become the page's own heading. */
function Heading({ children }: { children?: React.ReactNode }) {
  return (
    <p className={classes.heading} dir="auto">
      {children}
    </p>
  );
}

const components = {
  // An address inside this page, or of this server, was not meant by a text from outside.
  a: ({ href, children }) =>
    isOutside(href) ? (
      <a href={href} target="_blank" rel="noopener noreferrer nofollow">
        {children}
      </a>
    ) : (
      <span>{children}</span>
    ),
  img: ({ alt }) => <ImageNote alt={alt} className={classes.image} />,
  p: withOwnDirection("p"),
  ul: withOwnDirection("ul"),
  ol: withOwnDirection("ol"),
  li: withOwnDirection("li"),
  blockquote: withOwnDirection("blockquote"),
  th: withOwnDirection("th"),
  td: withOwnDirection("td"),
  h1: Heading,
  h2: Heading,
  h3: Heading,
  h4: Heading,
  h5: Heading,
  h6: Heading,
  input: ({ checked }) => <span aria-hidden>{checked ? "☑ " : "☐ "}</span>,
  pre: ({ children }) => (
    <SidewaysScroll>
      <pre dir="ltr">{children}</pre>
    </SidewaysScroll>
  ),
  table: ({ children }) => (
    <SidewaysScroll>
      <table>{children}</table>
    </SidewaysScroll>
  ),
} as Components;

type Plugins = Pick<Options, "remarkPlugins" | "rehypePlugins"> & { prepare?: (text: string) => string };

const PLAIN: Plugins = { remarkPlugins: [remarkGfm], rehypePlugins: [[rehypeSanitize, schema]] };
const loads = new Map<string, Promise<Plugins>>();

async function load(math: boolean, code: boolean): Promise<Plugins> {
  const [mathematics, highlighting] = await Promise.all([
    math ? import("@/ui/markdownMath") : null,
    code ? import("rehype-highlight") : null,
  ]);
  return {
    ...(mathematics ? { prepare: mathematics.inDollars } : {}),
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
  const known = loads.get(key);
  if (known) return known;
  const promise = load(math, code).catch(() => {
    // Offline: the next text that needs it tries again.
    loads.delete(key);
    return PLAIN;
  });
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
  const { prepare, ...rest } = plugins;
  return (
    <ReactMarkdown skipHtml components={components} {...rest}>
      {prepare ? prepare(text) : text}
    </ReactMarkdown>
  );
}
