import { Center, Loader } from "@mantine/core";
import { useTranslation } from "react-i18next";

/** Something is being fetched that the page cannot be without. */
export function Busy() {
  const { t } = useTranslation();
  return (
    <Center mih="40vh" role="status" aria-label={t("Loading")}>
      <Loader type="dots" />
    </Center>
  );
}
