import { Menu } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { IconLogout, IconSettings } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import type { ReactElement } from "react";
import { logOut } from "@/api/auth";
import { errorMessage } from "@/api/errors";
import { useMe } from "@/api/session";

export function UserMenu({ target }: { target: ReactElement }) {
  const me = useMe();
  const leave = async () => {
    try {
      await logOut();
    } catch (error) {
      notifications.show({ color: "red", title: "You are still logged in", message: errorMessage(error) });
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
          {me.name || me.email} · {me.role}
        </Menu.Label>
        <Menu.Item
          leftSection={<IconSettings size={16} />}
          renderRoot={(props) => <Link to="/profile" {...props} />}
        >
          Profile and tokens
        </Menu.Item>
        <Menu.Item leftSection={<IconLogout size={16} />} onClick={() => void leave()}>
          Log out
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
