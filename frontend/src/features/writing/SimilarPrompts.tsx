import { useDebouncedValue } from "@mantine/hooks";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, type Schemas } from "@/api/client";
import classes from "@/features/writing/Writing.module.css";
import { formatPercent } from "@/ui/format";
import { TextLink } from "@/ui/links";

const PAUSE_MS = 400;
const LEAST_LENGTH = 12;

type Similar = Schemas["SimilarPrompt"];

/** Asks when the typing pauses; a question that is overtaken is called back. */
function useSimilar(text: string, exceptId: number | null): Similar[] {
  const [settled] = useDebouncedValue(text, PAUSE_MS);
  const isAsked = settled.trim().length >= LEAST_LENGTH;
  const { data } = useQuery({
    queryKey: ["writing-similar", exceptId, settled],
    queryFn: async ({ signal }) => {
      const body = { text: settled, except_id: exceptId };
      const answer = await api.POST("/api/v1/writing/similar", { body, signal });
      return answer.data ?? [];
    },
    enabled: isAsked,
    placeholderData: keepPreviousData,
    staleTime: 60_000,
    gcTime: 0,
    // A hint that cannot be had just now is no hint; the next pause asks again.
    retry: false,
  });
  return isAsked && text.trim().length >= LEAST_LENGTH ? (data ?? []) : [];
}

type SimilarPromptsProps = { text: string; exceptId: number | null };

/** What the author wrote before that resembles what they type: shown, and theirs to judge. */
export function SimilarPrompts({ text, exceptId }: SimilarPromptsProps) {
  const { t } = useTranslation();
  const found = useSimilar(text, exceptId);
  const isSame = found.some((one) => one.likeness === "same");
  return (
    <div aria-live="polite">
      {found.length > 0 && (
        <section className={classes.similar} aria-labelledby="similar-title" data-same={isSame || undefined}>
          <h2 id="similar-title" className={classes.asideTitle}>
            {isSame ? t("You wrote this already") : t("You wrote something like this")}
          </h2>
          <ul className={classes.similarList}>
            {found.map((one) => (
              <li key={one.id}>
                <How similar={one} />
                {one.is_archived && ` · ${t("archived")}`}
                <TextLink
                  to="/write/$writtenId"
                  params={{ writtenId: String(one.id) }}
                  target="_blank"
                  className={classes.excerpt}
                  dir="auto"
                >
                  {one.text}
                </TextLink>
              </li>
            ))}
          </ul>
        </section>
      )}
    </div>
  );
}

function How({ similar }: { similar: Similar }) {
  const { t } = useTranslation();
  const shown = {
    same: t("The same words"),
    prefix: t("The same beginning"),
    near: t("{{percent}} alike", { percent: formatPercent(similar.similarity) }),
  };
  return <span className={classes.how}>{shown[similar.likeness]}</span>;
}
