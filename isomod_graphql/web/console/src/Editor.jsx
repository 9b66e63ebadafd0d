// GraphiQL with history, explorer and documentation, speaking to this server only.
import 'graphiql/setup-workers/vite';
import { explorerPlugin } from '@graphiql/plugin-explorer';
import '@graphiql/plugin-explorer/style.css';
import { createGraphiQLFetcher } from '@graphiql/toolkit';
import { GraphiQL, HISTORY_PLUGIN } from 'graphiql';
import 'graphiql/style.css';
import { useEffect, useState } from 'react';
import { explainedFetch, explanationStore, watchExplanation } from './explanation.js';
import ExplainPanel from './ExplainPanel.jsx';
import { maskingStore, watchMasking } from './masking.js';
import MaskingPanel from './MaskingPanel.jsx';
import { memoryOf } from './memory.js';
import { welcomeOf } from './operations.js';
import { GRAPHQL_PATH, sessionFetch } from './session.js';
import { withStreams } from './stream.js';
import './editor.css';

const PLUGINS = [HISTORY_PLUGIN, explorerPlugin()];

function connect() {
  const fetcher = createGraphiQLFetcher({ url: GRAPHQL_PATH, fetch: explainedFetch(sessionFetch) });
  return watchExplanation(watchMasking(withStreams(fetcher, sessionFetch, GRAPHQL_PATH)));
}

export default function Editor({ viewer }) {
  const [fetcher] = useState(connect);
  const [storage] = useState(() => memoryOf(viewer));

  useEffect(
    () => () => {
      maskingStore.set(null);
      explanationStore.want(false);
    },
    [],
  );

  return (
    <GraphiQL fetcher={fetcher} storage={storage} plugins={PLUGINS} defaultQuery={welcomeOf(viewer.asks)}
      shouldPersistHeaders={false}>
      <GraphiQL.Logo>
        <span className="visually-hidden">Query editor</span>
      </GraphiQL.Logo>
      <GraphiQL.Footer>
        <MaskingPanel viewer={viewer} />
        <ExplainPanel />
      </GraphiQL.Footer>
    </GraphiQL>
  );
}
