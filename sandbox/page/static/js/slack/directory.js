// Names of the people, channels and groups of the workspace.

import { get } from "../api.js";

const KINDS = ["users", "channels", "usergroups"];
const known = { users: new Map(), channels: new Map(), usergroups: new Map(), shortcuts: [] };

export const directory = {
  version: -1,
  transport: "http",

  /** Fetches the names again. */
  async refresh() {
    const workspace = await get("/people/slack/workspace");
    for (const kind of KINDS) known[kind] = new Map(workspace[kind].map((entry) => [entry.id, entry]));
    this.version = workspace.version;
    this.transport = workspace.transport;
    known.shortcuts = workspace.shortcuts;
    return workspace;
  },

  users: () => [...known.users.values()],
  people: () => [...known.users.values()].filter((user) => !user.is_bot),
  channels: () => [...known.channels.values()],
  /** The app's shortcuts: those on messages, or the global ones. */
  shortcuts: (type) => known.shortcuts.filter((shortcut) => shortcut.type === type),
  groups: () => [...known.usergroups.values()],
  user: (id) => known.users.get(id),
  channel: (id) => known.channels.get(id),
  userName: (id, fallback) => known.users.get(id)?.name ?? (fallback || id),
  realName: (id) => known.users.get(id)?.real_name ?? id,
  channelName: (id, fallback) => known.channels.get(id)?.name ?? (fallback || id),
  groupHandle: (id, fallback) => known.usergroups.get(id)?.handle ?? (fallback || id),
};

/** What a person typed, in the form in which Slack's client sends it: escaped, with @names and #channels as ids. */
export function asTyped(text) {
  const escaped = text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
  const byName = new Map(directory.users().map((user) => [user.name, user.id]));
  const groups = new Map(directory.groups().map((group) => [group.handle, group.id]));
  const channels = new Map(directory.channels().map((channel) => [channel.name, channel.id]));
  return escaped
    .replace(/(^|\s)@([\w.-]+)/g, (whole, before, name) => {
      if (byName.has(name)) return `${before}<@${byName.get(name)}>`;
      return groups.has(name) ? `${before}<!subteam^${groups.get(name)}>` : whole;
    })
    .replace(/(^|\s)#([\w-]+)/g, (whole, before, name) =>
      channels.has(name) ? `${before}<#${channels.get(name)}|${name}>` : whole,
    );
}
