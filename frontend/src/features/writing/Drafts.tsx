import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, invalidate, type Schemas } from "@/api/client";
import { useMe } from "@/api/session";
import { type Content, comparedText, readContent } from "@/features/writing/content";
import { copyName, localCopies } from "@/features/writing/draftKeeper";
import { KINDS } from "@/features/writing/texts";
import classes from "@/features/writing/Writing.module.css";
import { ConfirmButton } from "@/ui/ConfirmButton";
import { TextLink } from "@/ui/links";
import { Section } from "@/ui/Page";
import { RelativeTime } from "@/ui/RelativeTime";

type Shown = { key: string; content: Content; at: string; isHereOnly: boolean };

/** The server's drafts and this browser's, which may be ahead of it or never have reached it. */
function together(server: Schemas["WritingDraft"][], userId: number): Shown[] {
  const local = localCopies(localStorage, userId);
  const keys = new Set([...local.keys(), ...server.map(({ key }) => key)]);
  const shown = [...keys].map((key): Shown | null => {
    const there = server.find((draft) => draft.key === key);
    const here = local.get(key);
    const content = readContent(here?.content ?? there?.content);
    const at = here?.savedAt ?? there?.updated_at;
    return content && at ? { key, content, at, isHereOnly: !there } : null;
  });
  return shown.filter((one) => one !== null).sort((one, other) => other.at.localeCompare(one.at));
}

export function Drafts({ drafts }: { drafts: Schemas["WritingDraft"][] }) {
  const { t } = useTranslation();
  const { id: userId } = useMe();
  const [deleted, setDeleted] = useState<string[]>([]);
  const shown = together(drafts, userId).filter(({ key }) => !deleted.includes(key));
  if (!shown.length) return null;
  const remove = async (key: string) => {
    await api.DELETE("/api/v1/writing/drafts/{key}", { params: { path: { key } } });
    localStorage.removeItem(copyName(userId, key));
    setDeleted([...deleted, key]);
    await invalidate("/api/v1/writing");
  };
  return (
    <Section title={t("Drafts")}>
      <ul className={classes.drafts}>
        {shown.map(({ key, content, at, isHereOnly }) => (
          <li key={key} className={classes.draft}>
            <div className={classes.draftText}>
              <TextLink
                to="/write/new"
                search={{ draft: key, kind: content.kind }}
                className={classes.excerpt}
                dir="auto"
              >
                {comparedText(content).trim().slice(0, 300) || t("(nothing yet)")}
              </TextLink>
              <span className={classes.dimmed}>
                {t(KINDS.find(({ value }) => value === content.kind)?.label ?? content.kind)} ·{" "}
                <RelativeTime at={at} />
                {isHereOnly && ` · ${t("in this browser only")}`}
              </span>
            </div>
            <ConfirmButton
              size="compact-sm"
              variant="subtle"
              color="gray"
              title={t("Delete this draft?")}
              question={t("What is written in it is gone for good.")}
              confirmLabel={t("Delete")}
              dismissLabel={t("Keep it")}
              onConfirm={() => remove(key)}
            >
              {t("Delete")}
            </ConfirmButton>
          </li>
        ))}
      </ul>
    </Section>
  );
}
