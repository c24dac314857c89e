import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { formatNumber } from "@/ui/format";
import { useSettled } from "@/ui/useSettled";
import { countWords } from "@/ui/words";

type Estimate = (text: string) => number;

/** Fetched when there is something to count: whoever only reads needs none of it. */
function useTokenEstimate(isWanted: boolean): Estimate | null {
  const [estimate, setEstimate] = useState<Estimate | null>(null);
  useEffect(() => {
    if (!isWanted || estimate) return;
    let isHere = true;
    import("tokenx").then(
      ({ estimateTokenCount }) => isHere && setEstimate(() => (text: string) => estimateTokenCount(text)),
      () => undefined, // no network: words are counted all the same
    );
    return () => {
      isHere = false;
    };
  }, [isWanted, estimate]);
  return estimate;
}

type TextCountProps = { text: string; max: number };

/** How long a text is. Tokens depend on the model that will read it, so they are about so many. */
export function TextCount({ text, max }: TextCountProps) {
  const { t } = useTranslation();
  const settled = useSettled(text);
  const estimate = useTokenEstimate(settled.trim() !== "");
  const words = countWords(settled);
  const left = max - text.length;
  return (
    <span data-testid="word-count">
      {t("{{count}} words", { count: words })}
      {estimate && (
        <span title={t("An estimate: every model counts its own tokens.")}>
          {" · "}
          {t("≈ {{count}} tokens", { count: estimate(settled) })}
        </span>
      )}
      {left < max / 10 && (
        <>
          {" · "}
          {t("{{number}} characters left", { count: left, number: formatNumber(left) })}
        </>
      )}
    </span>
  );
}
