import { Button } from "@mantine/core";
import { IconChevronDown, IconChevronUp } from "@tabler/icons-react";
import { type ReactNode, useId, useLayoutEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { FOLDED_PIXELS, isLong } from "@/features/labeling/comparison/reading/fold";
import classes from "@/features/labeling/comparison/reading/Reading.module.css";
import { countWords } from "@/ui/words";

type FoldProps = {
  isFolding: boolean;
  isOpen: boolean;
  setOpen: (isOpen: boolean) => void;
  text: string;
  children: ReactNode;
};

/** A long text up to a height, with a button for the rest. */
export function Fold({ isFolding, isOpen, setOpen, text, children }: FoldProps) {
  const content = useRef<HTMLDivElement>(null);
  const id = useId();
  const height = useHeight(content);
  const canFold = isFolding && isLong(height);
  const isFolded = canFold && !isOpen;
  return (
    <>
      <div
        id={id}
        className={classes.fold}
        data-folded={isFolded || undefined}
        style={isFolded ? { maxHeight: FOLDED_PIXELS } : undefined}
        // The browser scrolls here when something below the fold is found or focused: show it in its place.
        onScroll={(event) => {
          if (!isFolded || event.currentTarget.scrollTop === 0) return;
          event.currentTarget.scrollTop = 0;
          setOpen(true);
        }}
      >
        <div ref={content} className={classes.foldContent}>
          {children}
        </div>
      </div>
      {canFold && <FoldButton id={id} isFolded={isFolded} setOpen={setOpen} text={text} />}
    </>
  );
}

type FoldButtonProps = { id: string; isFolded: boolean; setOpen: (isOpen: boolean) => void; text: string };

function FoldButton({ id, isFolded, setOpen, text }: FoldButtonProps) {
  const { t } = useTranslation();
  const button = useRef<HTMLButtonElement>(null);
  const Icon = isFolded ? IconChevronDown : IconChevronUp;
  return (
    <Button
      ref={button}
      className={classes.foldButton}
      variant="subtle"
      color="gray"
      size="compact-sm"
      fullWidth
      aria-expanded={!isFolded}
      aria-controls={id}
      leftSection={<Icon size={15} aria-hidden />}
      onClick={() => {
        setOpen(isFolded);
        // Folded again, the button is far above: the reader stays at the card rather than in what follows it.
        if (!isFolded) requestAnimationFrame(() => button.current?.scrollIntoView({ block: "nearest" }));
      }}
    >
      {isFolded ? t("Show all {{count}} words", { count: countWords(text) }) : t("Fold")}
    </Button>
  );
}

/** The full height of the content, also while only a part of it is shown. */
function useHeight(element: React.RefObject<HTMLElement | null>): number {
  const [height, setHeight] = useState(0);
  useLayoutEffect(() => {
    const target = element.current;
    if (!target) return;
    setHeight(target.offsetHeight);
    const observer = new ResizeObserver(() => setHeight(target.offsetHeight));
    observer.observe(target);
    return () => observer.disconnect();
  }, [element]);
  return height;
}
