import { useTranslation } from "react-i18next";

/** What stands where a text has an image: its description, never the image. */
export function ImageNote({ alt, className }: { alt?: string | undefined; className?: string | undefined }) {
  const { t } = useTranslation();
  return (
    <span className={className} dir="auto">
      [{t("image")}
      {alt && `: ${alt}`}]
    </span>
  );
}
