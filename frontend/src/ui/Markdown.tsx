/**
 * Untrusted text as Markdown: no HTML, no images (their address would tell a stranger that somebody reads), links that
 * carry no referrer. Mathematics and highlighted code are fetched only when a text has some. Each block has the direction
 * of its own first letter, so that Arabic beside English is read as it is written.
 */
import { type ComponentProps, memo, type ReactElement, Suspense, use, useMemo } from "react";
import ReactMarkdown, { type Components, type ExtraProps, type Options } from "react-markdown";
import rehypeSanitize from "rehype-sanitize";
import remarkGfm from "remark-gfm";
import { type Branch, directionOfBranch } from "@/ui/direction";
import { ImageNote } from "@/ui/ImageNote";
import classes from "@/ui/Markdown.module.css";
import { hasCode, hasMath, isOutside, schema } from "@/ui/markdownSchema";
import { SidewaysScroll } from "@/ui/SidewaysScroll";

type BlockName = "p" | "ul" | "ol" | "li" | "blockquote" | "table" | "th" | "td";
type BlockProps = ComponentProps<"p"> & ExtraProps;

function directed(name: BlockName) {
  return function Block({ node, ...props }: BlockProps) {
    const Tag = name as "p";
    return <Tag dir={(node && directionOfBranch(node as Branch)) ?? undefined} {...props} />;
  };
}

const Paragraph = directed("p");
const Table = directed("table");

/** A prompt's "# Title" must not become the page's own heading. */
function Heading({ node, children }: BlockProps) {
  return (
    <Paragraph node={node} className={classes.heading}>
      {children}
    </Paragraph>
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
  p: Paragraph,
  ul: directed("ul"),
  ol: directed("ol"),
  li: directed("li"),
  blockquote: directed("blockquote"),
  th: directed("th"),
  td: directed("td"),
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
  table: (props) => (
    <SidewaysScroll>
      <Table {...props} />
    </SidewaysScroll>
  ),
} as Components;

type Plugins = Pick<Options, "remarkPlugins" | "rehypePlugins"> & { prepare?: (text: string) => string };

const PLAIN: Plugins = { remarkPlugins: [remarkGfm], rehypePlugins: [[rehypeSanitize, schema]] };
const loads = new Map<string, Promise<Plugins>>();
/** What has come: a text that needs it is drawn once, not first without it. */
const arrived = new Map<string, Plugins>();

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
  const promise = load(math, code).then(
    (plugins) => {
      arrived.set(key, plugins);
      return plugins;
    },
    () => {
      // Offline: the next text that needs it tries again.
      loads.delete(key);
      return PLAIN;
    },
  );
  loads.set(key, promise);
  return promise;
}

type MarkdownProps = { text: string; isPlain?: boolean };

export function Markdown({ text, isPlain = false }: MarkdownProps) {
  const needs = useMemo(() => ({ math: hasMath(text), code: hasCode(text) }), [text]);
  if (isPlain) return <div className={classes.plain}>{text}</div>;
  const { math, code } = needs;
  const plugins = math || code ? arrived.get(`${math}${code}`) : PLAIN;
  return (
    <div className={classes.markdown}>
      {plugins ? (
        <Rendered text={text} plugins={plugins} />
      ) : (
        <Suspense fallback={<Rendered text={text} plugins={PLAIN} />}>
          <Enriched text={text} promise={pluginsFor(math, code)} />
        </Suspense>
      )}
    </div>
  );
}

function Enriched({ text, promise }: { text: string; promise: Promise<Plugins> }) {
  return <Rendered text={text} plugins={use(promise)} />;
}

/** Memoised: no key pressed anywhere on the page parses a text again. */
const Rendered = memo(function Rendered({ text, plugins }: { text: string; plugins: Plugins }) {
  return warm.get(plugins)?.get(text) ?? <ReactMarkdown {...optionsFor(text, plugins)} />;
});

function optionsFor(text: string, { prepare, ...plugins }: Plugins): Options {
  return { skipHtml: true, components, ...plugins, children: prepare ? prepare(text) : text };
}

/** Texts that were parsed before they are shown. */
const warm = new Map<Plugins, Map<string, ReactElement>>();
const MOST_WARM = 40;

/** Parses a text that will soon be shown, and fetches what it needs; showing it then costs its elements only. */
export function warmMarkdown(text: string): void {
  const [math, code] = [hasMath(text), hasCode(text)];
  if (!math && !code) keepWarm(text, PLAIN);
  else void pluginsFor(math, code).then((plugins) => keepWarm(text, plugins));
}

function keepWarm(text: string, plugins: Plugins): void {
  const texts = warm.get(plugins) ?? new Map<string, ReactElement>();
  warm.set(plugins, texts);
  if (!texts.has(text)) texts.set(text, ReactMarkdown(optionsFor(text, plugins)));
  const [oldest] = texts.keys();
  if (texts.size > MOST_WARM && oldest !== undefined) texts.delete(oldest);
}
