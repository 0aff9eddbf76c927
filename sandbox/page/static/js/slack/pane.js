// Slack: channels, the messages of one, a thread beside them, the app's Home tab, and modals above.

import { get, post } from "../api.js";
import { ask, askText } from "../dialog.js";
import { fill, h, icon, link, toast } from "../dom.js";
import { composer } from "./composer.js";
import { conditionsButton } from "./conditions.js";
import { asTyped, directory } from "./directory.js";
import { homePane } from "./home.js";
import { messageList } from "./messages.js";
import { modalHost } from "./modal.js";

const FIRST_CHANNEL = "C0SUPL1";
const HOME = "home";
const USER_KEY = "tierline-sandbox-user";

/** The Slack pane. Places: `C0SUPL1`, `C0SUPL1/{ts}` (a message, or a reply in its thread), `home`. */
export function slackPane() {
  const state = { user: localStorage.getItem(USER_KEY) ?? "U0LENA", channel: FIRST_CHANNEL, thread: null, target: null, seen: new Map() };
  const actions = { click, openThread, react, shortcut, edit, remove, userId: () => state.user };

  const userSelect = h("select", { id: "act-as", class: "select", on: { change: () => become(userSelect.value) } });
  const role = h("span", { class: "role" });
  const channelNav = h("nav", { class: "channels", "aria-label": "Channels" });
  const title = h("h1", { class: "channel-title" });
  const topic = h("p", { class: "channel-topic" });
  const marks = h("div", { class: "bookmarks", role: "list", "aria-label": "Bookmarks", hidden: true });
  const people = h("span", { class: "member-count" });
  const archived = h("p", { class: "archived", hidden: true }, "This channel is archived: nobody can write in it.");
  const conditions = conditionsButton();
  const home = homePane(() => refresh());
  const list = messageList(actions, { label: "Messages" });
  const threadList = messageList(actions, { label: "Thread", inThread: true });
  const writer = composer({ label: "Message", send: (text) => say(text, null), command, share: (file) => share(file, null), shortcut: useShortcut, shortcuts: () => directory.shortcuts("global") });
  const threadWriter = composer({ label: "Reply", send: (text) => say(text, state.thread), command: null, share: (file) => share(file, state.thread) });
  const thread = h(
    "aside",
    { class: "thread", "aria-label": "Thread", hidden: true },
    h("header", { class: "pane-head" }, h("h2", {}, "Thread"), h("button", { type: "button", class: "icon-button", "aria-label": "Close thread", on: { click: () => go(state.channel) } }, icon("close"))),
    threadList.root,
    threadWriter.root,
  );
  const modals = modalHost();
  const root = h(
    "section",
    { class: "slack" },
    h("div", { class: "sidebar" }, h("div", { class: "workspace" }, h("strong", {}, "acme"), conditions.root), h("label", { class: "act-as", for: "act-as" }, h("span", { class: "act-label" }, "You act as"), userSelect, role), channelNav),
    h("div", { class: "conversation" }, h("header", { class: "pane-head" }, h("div", {}, title, topic), people), marks, home.root, list.root, archived, writer.root),
    thread,
  );

  function go(channel, ts = null) {
    location.hash = ts ? `slack/${channel}/${ts}` : `slack/${channel}`;
  }

  function become(user) {
    state.user = user;
    localStorage.setItem(USER_KEY, user);
    if (state.channel === HOME) openHome();
    window.dispatchEvent(new Event("refresh"));
  }

  function openHome() {
    state.homeOf = state.user;
    return attempt(() => post("/people/slack/home", { user: state.user }));
  }

  function openThread(message) {
    state.wantsThread = true;
    state.highlighted = message.thread_ts ?? message.ts;
    state.target = state.highlighted;
    go(state.channel, state.target);
  }

  async function attempt(work) {
    try {
      return await work();
    } catch (error) {
      toast(error.message);
      return null;
    } finally {
      await refresh();
    }
  }

  function click(message, element, blockId, value, values) {
    const control = { action_id: element.action_id, block_id: blockId, value, values };
    return attempt(() => post("/people/slack/click", { user: state.user, channel: state.channel, ts: message.ts, ...control }));
  }

  function say(text, threadTs) {
    const message = { user: state.user, channel: state.channel, text: asTyped(text), thread_ts: threadTs };
    return attempt(() => post("/people/slack/message", message));
  }

  function share(file, threadTs) {
    return attempt(() => post("/people/slack/file", { ...file, user: state.user, channel: state.channel, thread_ts: threadTs }));
  }

  function react(message, name, remove = false) {
    return attempt(() => post("/people/slack/reaction", { user: state.user, channel: state.channel, ts: message.ts, name, remove }));
  }

  function shortcut(message, id) {
    return attempt(() => post("/people/slack/shortcut", { user: state.user, channel: state.channel, ts: message.ts, callback_id: id }));
  }

  function useShortcut(id) {
    return attempt(async () => {
      const outcome = await post("/people/slack/global-shortcut", { user: state.user, callback_id: id });
      if (outcome.error) toast(`The app did not answer (${outcome.error}).`);
    });
  }

  async function edit(message) {
    const text = await askText({ title: "Edit message", text: message.text, yes: "Save" });
    if (text) await attempt(() => post("/people/slack/edit", { user: state.user, channel: state.channel, ts: message.ts, text }));
  }

  async function remove(message) {
    const sure = await ask({ title: "Delete this message?", body: "It is gone for everybody.", yes: "Delete", no: "Keep", danger: true });
    if (sure) await attempt(() => post("/people/slack/delete", { user: state.user, channel: state.channel, ts: message.ts }));
  }

  function command(name, text) {
    return attempt(() => post("/people/slack/command", { user: state.user, channel: state.channel, command: name, text }));
  }

  function drawSidebar() {
    const everybody = directory.people();
    if (userSelect.options.length !== everybody.length) {
      fill(userSelect, everybody.map((person) => h("option", { value: person.id }, person.real_name)));
    }
    userSelect.value = state.user;
    const me = directory.user(state.user);
    const groups = directory.groups().filter((group) => group.users.includes(state.user)).map((group) => `@${group.handle}`);
    role.textContent = [me?.title, me?.timezone, ...groups].filter(Boolean).join(" · ");
    conditions.draw(directory.transport);
    const visible = directory.channels().filter((channel) => sees(channel, me));
    const entry = (channel) => {
      const name = channel.is_im ? "Tierline" : channel.name;
      const unread = !channel.is_archived && channel.last_ts && channel.id !== state.channel && channel.last_ts > (state.seen.get(channel.id) ?? "");
      return h(
        "a",
        { href: `#slack/${channel.id}`, class: `${unread ? "unread" : ""} ${channel.is_archived ? "faded" : ""}`, "aria-current": channel.id === state.channel ? "page" : null },
        h("span", { class: "hash", "aria-hidden": "true" }, channel.is_im ? "●" : channel.is_private ? icon("lock") : "#"),
        h("span", { class: "name" }, name),
        channel.is_shared ? h("span", { class: "app-badge stranger" }, "SHARED") : null,
        channel.is_archived ? h("span", { class: "app-badge" }, "ARCHIVED") : null,
        unread ? h("span", { class: "dot" }, h("span", { class: "visually-hidden" }, "new messages")) : null,
      );
    };
    const shape = JSON.stringify([visible, state.channel, [...state.seen], directory.groups()]);
    if (shape === state.sidebarShape) return;
    state.sidebarShape = shape;
    fill(
      channelNav,
      h("h2", {}, "Channels"),
      visible.filter((channel) => !channel.is_im).map(entry),
      h("h2", {}, "Apps"),
      h("a", { href: `#slack/${HOME}`, "aria-current": state.channel === HOME ? "page" : null }, h("span", { class: "hash" }, icon("home")), h("span", { class: "name" }, "Tierline's Home")),
      visible.filter((channel) => channel.is_im).map(entry),
      visible.some((channel) => channel.is_im) ? null : h("p", { class: "quiet" }, "Tierline has not written to you."),
      h("h2", { class: "of-groups" }, "User groups"),
      h("ul", { class: "groups" }, directory.groups().map((group) => h("li", { title: group.name }, h("span", { class: "mention" }, `@${group.handle}`), h("span", { class: "quiet" }, group.users.map((id) => directory.userName(id)).join(", ") || "nobody")))),
    );
    channelNav.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  function drawHead(channel) {
    const name = channel.is_im ? "Tierline" : `#${channel.name}`;
    if (title.textContent !== name) title.textContent = name;
    const about = [channel.topic, channel.purpose].filter(Boolean).join(" · ");
    if (topic.textContent !== about) topic.textContent = about;
    const count = channel.members.length;
    people.textContent = channel.is_im ? "" : `${count} ${count === 1 ? "member" : "members"}`;
    people.title = channel.members.map((id) => directory.realName(id)).join(", ");
    const shape = JSON.stringify(channel.bookmarks);
    if (shape !== state.marksShape) {
      state.marksShape = shape;
      marks.hidden = !channel.bookmarks.length;
      fill(marks, channel.bookmarks.map((each) => h("span", { role: "listitem" }, icon("bookmark"), link(each.link, each.title))));
    }
    archived.hidden = !channel.is_archived;
    writer.root.hidden = threadWriter.root.hidden = channel.is_archived;
    return name;
  }

  /** Shows the Home tab, or a channel's messages. */
  function turnTo(wanted) {
    home.root.hidden = wanted !== HOME;
    list.root.hidden = wanted === HOME;
    if (wanted !== HOME) return;
    title.textContent = "Tierline";
    topic.textContent = `Home tab, as ${directory.realName(state.user)} sees it`;
    people.textContent = "";
    for (const each of [marks, archived, writer.root, thread]) each.hidden = true;
    state.marksShape = null;
    root.classList.remove("with-thread");
  }

  function draw(view) {
    const name = drawHead(view.channel);
    writer.placeholder(`Message ${name}, or a command such as /tier status`);
    const target = state.target;
    const everything = view.messages.flatMap((message) => [message, ...(message.replies ?? [])]);
    if (target) {
      const found = everything.find((message) => message.ts === target);
      const isReply = found?.thread_ts && found.thread_ts !== found.ts;
      state.thread = isReply ? found.thread_ts : state.wantsThread || found?.reply_count ? target : null;
    } else {
      state.thread = null;
    }
    const inChannel = view.ephemerals.filter((message) => !message.thread_ts);
    list.draw([...view.messages, ...inChannel].sort(byTime), state.channel);
    const parent = state.thread ? view.messages.find((message) => message.ts === state.thread) : null;
    thread.hidden = !parent;
    root.classList.toggle("with-thread", Boolean(parent));
    if (parent) {
      const own = view.ephemerals.filter((message) => message.thread_ts === parent.ts);
      threadList.draw([parent, ...(parent.replies ?? []), ...own].sort(byTime), `${state.channel}/${parent.ts}`);
      threadWriter.placeholder("Reply…");
    }
    if (target && state.highlighted !== target) {
      state.highlighted = target;
      list.highlight(parent?.ts ?? target);
      if (parent && parent.ts !== target) threadList.highlight(target);
    }
    state.seen.set(state.channel, everything.at(-1)?.ts ?? "0");
  }

  /** What a person sees of a conversation that is not theirs, or that is not there. */
  function hideConversation(view) {
    title.textContent = "Slack";
    topic.textContent = people.textContent = "";
    state.marksShape = null;
    for (const each of [marks, archived, writer.root, thread]) each.hidden = true;
    root.classList.remove("with-thread");
    list.empty(view ? `${directory.realName(state.user)} is not in this conversation.` : `There is no conversation ${state.channel}.`);
  }

  async function refresh() {
    const channel = state.channel;
    const shown =
      channel === HOME
        ? get(`/people/slack/home?user=${state.user}`)
        : get(`/people/slack/channels/${encodeURIComponent(channel)}/messages?user=${state.user}`).catch((error) => {
            if (error instanceof TypeError) throw error;
            return null;
          });
    const [, view, open] = await Promise.all([directory.refresh(), shown, get(`/people/slack/views?user=${state.user}`)]);
    if (channel !== state.channel) return;
    drawSidebar();
    turnTo(channel);
    if (channel === HOME) home.draw(view.view, state.user);
    else if (view && sees(view.channel, directory.user(state.user))) draw(view);
    else hideConversation(view);
    modals.draw(open.views, state.user, refresh);
  }

  function show([channel = FIRST_CHANNEL, ts = null]) {
    if (channel !== state.channel || ts !== state.target) state.highlighted = null;
    if (ts !== state.target && !state.wantsThread) state.wantsThread = false;
    if (!ts) state.wantsThread = false;
    const entered = channel === HOME && (state.channel !== HOME || state.homeOf !== state.user);
    state.channel = channel;
    state.target = ts;
    if (entered) openHome();
  }

  return { root, show, refresh };
}

/** Whether a person has this conversation in front of them. */
function sees(channel, person) {
  if (channel.is_im) return channel.user === person?.id;
  return channel.members.includes(person?.id) || !(channel.is_private || person?.is_stranger);
}

function byTime(a, b) {
  return Number(a.ts) - Number(b.ts);
}
