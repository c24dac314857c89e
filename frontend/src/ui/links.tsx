/** Mantine's look on the router's links: typed addresses, and pages fetched when the pointer comes near. */
import { Anchor, type AnchorProps, Button, type ButtonProps } from "@mantine/core";
import { createLink } from "@tanstack/react-router";
import type { AnchorHTMLAttributes, Ref } from "react";
import classes from "@/ui/links.module.css";

type Native<Props> = Omit<AnchorHTMLAttributes<HTMLAnchorElement>, keyof Props> & {
  ref?: Ref<HTMLAnchorElement>;
};

export const LinkButton = createLink((props: ButtonProps & Native<ButtonProps>) => (
  <Button component="a" {...props} />
));

export const TextLink = createLink(
  ({ className, ...props }: Omit<AnchorProps, "href"> & Native<AnchorProps>) => (
    <Anchor inherit className={`${classes.link} ${className ?? ""}`} {...props} />
  ),
);
