import { useMergedRef } from "@mantine/hooks";
import { type ReactNode, useEffect, useLayoutEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import {
  fittingColumns,
  leastShare,
  sharedPixels,
  sharesOf,
  withShare,
} from "@/features/labeling/comparison/reading/columns";
import classes from "@/features/labeling/comparison/reading/Reading.module.css";
import { createScrollSync, ScrollSyncContext } from "@/features/labeling/comparison/reading/scrollSync";
import type { Reading } from "@/features/labeling/comparison/reading/useReading";
import { useColumnShares } from "@/features/labeling/task/preferences";
import { roomFor } from "@/ui/heights";
import { Separator } from "@/ui/Separator";

const room = roomFor("--strip-height", "--footer-height");

type CardGridProps = { reading: Reading; count: number; children: ReactNode };

/** The cards in columns, with a line between two columns that moves. Dragging it renders no card anew. */
export function CardGrid({ reading, count, children }: CardGridProps) {
  const grid = useRef<HTMLDivElement>(null);
  const ref = useMergedRef(grid, room);
  const width = useWidth(grid);
  const { setFitting } = reading;
  const fitting = Math.min(fittingColumns(width), count);
  useLayoutEffect(() => {
    if (width > 0) setFitting(fitting);
  }, [setFitting, fitting, width]);

  const columns = Math.min(reading.columns, fitting);
  const [stored, setStored] = useColumnShares();
  const shares = sharesOf(stored[columns], columns, width);
  const rows = Math.ceil(count / columns);
  const [sync] = useState(createScrollSync);
  useEffect(() => (reading.isTogether ? undefined : sync.forget()), [reading.isTogether, sync]);
  return (
    <ScrollSyncContext value={reading.isTogether ? sync : null}>
      <div
        ref={ref}
        className={classes.cards}
        data-columns={columns}
        data-rows={Math.min(rows, 2)}
        style={{ gridTemplateColumns: shares.map((share) => `minmax(0, ${share * 100}fr)`).join(" ") }}
      >
        {children}
        {shares.slice(0, -1).map((share, index) => (
          <ColumnLine
            // Lines never move past each other, so their place is their identity.
            // biome-ignore lint/suspicious/noArrayIndexKey: see above
            key={index}
            index={index}
            share={share}
            next={shares[index + 1] ?? 0}
            least={leastShare(columns, width)}
            pixels={sharedPixels(width, columns)}
            onShare={(value) =>
              setStored({ ...stored, [columns]: withShare(shares, index, value, leastShare(columns, width)) })
            }
            onReset={() => setStored({ ...stored, [columns]: null })}
          />
        ))}
      </div>
    </ScrollSyncContext>
  );
}

type ColumnLineProps = {
  index: number;
  share: number;
  next: number;
  least: number;
  pixels: number;
  onShare: (share: number) => void;
  onReset: () => void;
};

/** In per cent, because that is what a screen reader says. */
function ColumnLine({ index, share, next, least, pixels, onShare, onReset }: ColumnLineProps) {
  const { t } = useTranslation();
  return (
    <Separator
      className={classes.columnLine}
      // Both edges: one that is left out would be the grid's own, and the line would stand at its far side.
      style={{ gridColumn: `${index + 1} / ${index + 2}` }}
      label={t("Width of column {{number}}", { number: index + 1 })}
      value={share * 100}
      min={least * 100}
      max={(share + next - least) * 100}
      step={2}
      pixelsPerUnit={() => pixels / 100}
      onChange={(percent) => onShare(percent / 100)}
      onReset={onReset}
    />
  );
}

function useWidth(element: React.RefObject<HTMLElement | null>): number {
  const [width, setWidth] = useState(0);
  useLayoutEffect(() => {
    const target = element.current;
    if (!target) return;
    setWidth(target.clientWidth);
    const observer = new ResizeObserver(() => setWidth(target.clientWidth));
    observer.observe(target);
    return () => observer.disconnect();
  }, [element]);
  return width;
}
