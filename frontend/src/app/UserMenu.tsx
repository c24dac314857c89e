import { Menu } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { IconCheck, IconLogout, IconSettings } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import type { ReactElement } from "react";
import { useTranslation } from "react-i18next";
import { logOut } from "@/api/auth";
import { errorMessage } from "@/api/errors";
import { useMe } from "@/api/session";
import { chooseLanguage, LANGUAGES, type Language, msg } from "@/ui/language";

const ROLE = { labeler: msg("Labeler"), researcher: msg("Researcher"), admin: msg("Admin") } as const;
const CODES = Object.keys(LANGUAGES) as Language[];

export function UserMenu({ target }: { target: ReactElement }) {
  const me = useMe();
  const { t, i18n } = useTranslation();
  const leave = async () => {
    try {
      await logOut();
    } catch (error) {
      notifications.show({ color: "red", title: t("You are still logged in"), message: errorMessage(error) });
      return;
    }
    // A whole new page: nothing that this person's queries fetched may stay in memory for the next one.
    window.location.assign("/login");
  };
  return (
    // Without the placeholder: a menu may hold items only, and the first of them takes the focus as well.
    <Menu position="bottom-end" width={220} withInitialFocusPlaceholder={false}>
      <Menu.Target>{target}</Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>
          {me.name || me.email} · {t(ROLE[me.role])}
        </Menu.Label>
        <Menu.Item
          leftSection={<IconSettings size={16} />}
          renderRoot={(props) => <Link to="/profile" {...props} />}
        >
          {t("Profile and tokens")}
        </Menu.Item>
        <Menu.Divider />
        <Menu.Label>{t("Language")}</Menu.Label>
        {CODES.map((code) => (
          <Menu.Item
            key={code}
            lang={code}
            role="menuitemradio"
            aria-checked={i18n.language === code}
            leftSection={<IconCheck size={16} opacity={i18n.language === code ? 1 : 0} />}
            onClick={() => void chooseLanguage(code)}
          >
            {LANGUAGES[code]}
          </Menu.Item>
        ))}
        <Menu.Divider />
        <Menu.Item leftSection={<IconLogout size={16} />} onClick={() => void leave()}>
          {t("Log out")}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
