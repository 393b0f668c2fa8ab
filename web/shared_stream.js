// One stream of events for all tabs of a browser, which has six connections to a host and no more: one tab holds it and
// passes on what comes; when it is silent or closed, another one takes over.

const NAME = "alice.events";
const BEAT_MS = 1000;
const SILENCE_MS = 3 * BEAT_MS;
const FIRST_WORD_MS = 300;
const LONGEST_PAUSE_MS = 30_000;

/**
 * `names`: of the events that are wanted; `heard(name, data)`: one of them; `connected(is)`: whether there is a stream;
 * `begun()`: from now on they come, and what was before is to be asked for.
 */
export class SharedStream {
  id = Math.random();
  channel = new BroadcastChannel(NAME);
  source = null;  // of the tab that holds it
  pause = 1000;
  hasHeard = false;  // of another tab that holds it

  constructor(path, names, {heard, connected, begun}) {
    Object.assign(this, {path, names, heard, connected, begun});
    this.channel.onmessage = ({data}) => this.hear(data);
    addEventListener("pagehide", () => this.leave());
    addEventListener("pageshow", (event) => event.persisted && this.wait(FIRST_WORD_MS));
    this.say("hello");
    this.wait(FIRST_WORD_MS);
  }

  say(word, more = {}) {
    this.channel.postMessage({word, from: this.id, ...more});
  }

  /** Takes the stream over unless a word of its holder comes before. */
  wait(ms) {
    clearTimeout(this.patience);
    this.patience = setTimeout(() => this.hold(), ms * (1 + Math.random()));
  }

  hear({word, from, name, data, is}) {
    if (word === "hello") return this.source && this.beat();
    if (word === "bye") return this.wait(0);
    if (this.source && from > this.id) return;  // of two holders the one with the smaller number stays
    if (this.source) this.letGo();
    this.wait(SILENCE_MS);
    if (!this.hasHeard || word === "begun") this.begun();
    this.hasHeard = true;
    if (word === "event") this.heard(name, data);
    if (word === "beat") this.connected(is);
  }

  hold() {
    this.open();
    this.beating = setInterval(() => this.beat(), BEAT_MS);
  }

  beat() {
    this.say("beat", {is: this.source?.readyState === EventSource.OPEN});
  }

  open() {
    this.source?.close();
    this.source = new EventSource(this.path);
    for (const name of this.names)
      this.source.addEventListener(name, (event) => {
        const data = JSON.parse(event.data);
        this.say("event", {name, data});
        this.heard(name, data);
      });
    this.source.onopen = () => {
      this.pause = 1000;
      this.tell(true);
      this.begun();
      this.say("begun");
    };
    this.source.onerror = () => this.tryAgain();
  }

  tryAgain() {
    this.tell(false);
    if (this.source?.readyState !== EventSource.CLOSED) return;  // the browser tries again itself
    setTimeout(() => this.source && this.open(), this.pause);
    this.pause = Math.min(2 * this.pause, LONGEST_PAUSE_MS);
  }

  tell(is) {
    this.connected(is);
    this.beat();
  }

  letGo() {
    clearInterval(this.beating);
    this.source?.close();
    this.source = null;
  }

  leave() {
    clearTimeout(this.patience);
    if (!this.source) return;
    this.letGo();
    this.say("bye");
  }
}
