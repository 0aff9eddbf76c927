// Slack: channels, the messages of one, a thread beside them, and modals above.

import { get, post } from "../api.js";
import { fill, h, icon, toast } from "../dom.js";
import { composer } from "./composer.js";
import { asTyped, directory } from "./directory.js";
import { messageList } from "./messages.js";
import { modalHost } from "./modal.js";

const FIRST_CHANNEL = "C0SUPL1";
const USER_KEY = "tierline-sandbox-user";

/** The Slack pane. Places: `C0SUPL1`, `C0SUPL1/{ts}` (a message, or a reply in its thread). */
export function slackPane() {
  const state = { user: localStorage.getItem(USER_KEY) ?? "U0LENA", channel: FIRST_CHANNEL, thread: null, target: null, seen: new Map() };
  const actions = { click, openThread, react, userId: () => state.user };

  const userSelect = h("select", { id: "act-as", class: "select", on: { change: () => become(userSelect.value) } });
  const role = h("span", { class: "role" });
  const channelNav = h("nav", { class: "channels", "aria-label": "Channels" });
  const title = h("h1", { class: "channel-title" });
  const topic = h("p", { class: "channel-topic" });
  const list = messageList(actions, { label: "Messages" });
  const threadList = messageList(actions, { label: "Thread", inThread: true });
  const writer = composer({ label: "Message", send: (text) => say(text, null), command });
  const threadWriter = composer({ label: "Reply", send: (text) => say(text, state.thread), command: null });
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
    h("div", { class: "sidebar" }, h("div", { class: "workspace" }, h("strong", {}, "acme")), h("label", { class: "act-as", for: "act-as" }, h("span", { class: "act-label" }, "You act as"), userSelect, role), channelNav),
    h("div", { class: "conversation" }, h("header", { class: "pane-head" }, h("div", {}, title, topic)), list.root, writer.root),
    thread,
  );

  function go(channel, ts = null) {
    location.hash = ts ? `slack/${channel}/${ts}` : `slack/${channel}`;
  }

  function become(user) {
    state.user = user;
    localStorage.setItem(USER_KEY, user);
    window.dispatchEvent(new Event("refresh"));
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

  function react(message, name) {
    return attempt(() => post("/people/slack/reaction", { user: state.user, channel: state.channel, ts: message.ts, name }));
  }

  function command(name, text) {
    return attempt(() => post("/people/slack/command", { user: state.user, channel: state.channel, command: name, text }));
  }

  function drawSidebar() {
    const people = directory.people();
    if (userSelect.options.length !== people.length) {
      fill(userSelect, people.map((person) => h("option", { value: person.id }, person.real_name)));
    }
    userSelect.value = state.user;
    role.textContent = directory.user(state.user)?.title ?? "";
    const visible = directory.channels().filter((channel) => !channel.is_im || channel.user === state.user);
    const entry = (channel) => {
      const name = channel.is_im ? "Tierline" : channel.name;
      const unread = channel.last_ts && channel.id !== state.channel && channel.last_ts > (state.seen.get(channel.id) ?? "");
      return h(
        "a",
        { href: `#slack/${channel.id}`, class: unread ? "unread" : "", "aria-current": channel.id === state.channel ? "page" : null },
        h("span", { class: "hash", "aria-hidden": "true" }, channel.is_im ? "●" : "#"),
        h("span", { class: "name" }, name),
        unread ? h("span", { class: "dot" }, h("span", { class: "visually-hidden" }, "new messages")) : null,
      );
    };
    const shape = JSON.stringify([visible, state.channel, [...state.seen]]);
    if (shape === state.sidebarShape) return;
    state.sidebarShape = shape;
    fill(
      channelNav,
      h("h2", {}, "Channels"),
      visible.filter((channel) => !channel.is_im).map(entry),
      h("h2", {}, "Apps"),
      visible.filter((channel) => channel.is_im).map(entry),
      visible.some((channel) => channel.is_im) ? null : h("p", { class: "quiet" }, "Tierline has not written to you."),
    );
  }

  function draw(view) {
    const name = view.channel.is_im ? "Tierline" : `#${view.channel.name}`;
    if (title.textContent !== name) title.textContent = name;
    if (topic.textContent !== view.channel.topic) topic.textContent = view.channel.topic;
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

  async function refresh() {
    const channel = state.channel;
    const [, view, open] = await Promise.all([
      directory.refresh(),
      get(`/people/slack/channels/${encodeURIComponent(channel)}/messages?user=${state.user}`).catch((error) => {
        if (error instanceof TypeError) throw error;
        return null;
      }),
      get(`/people/slack/views?user=${state.user}`),
    ]);
    if (channel !== state.channel) return;
    drawSidebar();
    if (view) draw(view);
    else list.empty(`There is no conversation ${channel}.`);
    modals.draw(open.views, state.user, refresh);
  }

  function show([channel = FIRST_CHANNEL, ts = null]) {
    if (channel !== state.channel || ts !== state.target) state.highlighted = null;
    if (ts !== state.target && !state.wantsThread) state.wantsThread = false;
    if (!ts) state.wantsThread = false;
    state.channel = channel;
    state.target = ts;
  }

  return { root, show, refresh };
}

function byTime(a, b) {
  return Number(a.ts) - Number(b.ts);
}
