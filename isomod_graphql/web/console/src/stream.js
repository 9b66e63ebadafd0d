// Subscriptions of the editor: one POST each, answered as server-sent events (GraphQL over SSE, distinct connections).

/** Like the given fetcher, but that subscriptions are followed with `fetching` until they end or are stopped. */
export function withStreams(fetcher, fetching, path) {
  return (params, options) =>
    isSubscription(params, options?.documentAST)
      ? follow((signal) => open(fetching, path, params, options, signal))
      : fetcher(params, options);
}

function isSubscription({ operationName }, document) {
  const operations = (document?.definitions ?? []).filter((one) => one.kind === 'OperationDefinition');
  const run = operations.find((one) => one.name?.value === (operationName ?? undefined));
  return run?.operation === 'subscription';
}

/** An async generator waits for its next answer before it hears that it is to stop; this one hangs up at once. */
function follow(opened) {
  const abort = new AbortController();
  const answers = answersOf(opened, abort.signal);
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    next: () => answers.next(),
    return() {
      abort.abort();
      return Promise.resolve({ done: true, value: undefined });
    },
  };
}

function open(fetching, path, params, options, signal) {
  const headers = { ...options?.headers, 'Content-Type': 'application/json', Accept: 'text/event-stream' };
  return fetching(path, { method: 'POST', headers, body: JSON.stringify(params), signal });
}

async function* answersOf(opened, signal) {
  try {
    const response = await opened(signal);
    if (/event-stream/.test(response.headers.get('Content-Type') ?? '')) yield* eventsOf(response);
    else yield await response.json();
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

async function* eventsOf(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const events = (rest + value).split('\n\n');
    rest = events.pop();
    for (const lines of events.map((event) => event.split('\n'))) {
      if (lines.includes('event: complete')) return;
      const data = lines.find((line) => line.startsWith('data: '));
      if (data) yield JSON.parse(data.slice('data: '.length));
    }
  }
}
