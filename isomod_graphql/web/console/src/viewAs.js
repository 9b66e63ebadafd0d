// As whom the editor asks, if not as the person who is signed in: in the memory of this page only, and gone with its time.
const NOBODY = { look: null, ended: null };

let current = NOBODY;
let timer;
const listeners = new Set();

function change(next) {
  clearTimeout(timer);
  current = next;
  listeners.forEach((listener) => listener());
}

export const viewAsStore = {
  subscribe(listener) {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
  get: () => current,
  /** `look` is { ticket, until, id, name }: of whoever is looked at. */
  begin(look) {
    change({ look, ended: null });
    timer = setTimeout(() => viewAsStore.end(), new Date(look.until).getTime() - Date.now());
  },
  /** The person goes back. */
  leave: () => change(NOBODY),
  /** The server, or the time, has ended it. */
  end: () => current.look && change({ look: null, ended: current.look.name }),
};

export function viewAsHeaders() {
  return current.look === null ? {} : { 'Isomod-View-As': current.look.ticket };
}
