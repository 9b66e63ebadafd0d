// Which page is shown: waiting, sign-in, or the editor of the person who is signed in.
import { lazy, Suspense, useCallback, useEffect, useState, useSyncExternalStore } from 'react';
import Header from './Header.jsx';
import { forget } from './memory.js';
import { onSessionEnd, onStepUpNeeded, restore, signOut } from './session.js';
import SignIn from './SignIn.jsx';
import StepUp from './StepUp.jsx';
import { whyStore } from './why.js';
import Why from './Why.jsx';
import { viewAsStore } from './viewAs.js';
import ViewAsBanner from './ViewAsBanner.jsx';
import ViewAsDialog from './ViewAsDialog.jsx';

const NOTICE_MS = 20_000;

const Editor = lazy(() => import('./Editor.jsx'));

export default function App() {
  const [state, setState] = useState({ page: 'waiting' });
  const [stepUp, setStepUp] = useState('none');
  const { question } = useSyncExternalStore(whyStore.subscribe, whyStore.get);
  const [choosing, setChoosing] = useState(false);
  const { look, ended } = useSyncExternalStore(viewAsStore.subscribe, viewAsStore.get);

  const open = useCallback((notice) => {
    restore()
      .catch(() => null)
      .then((viewer) => setState(viewer ? { page: 'editor', viewer } : { page: 'sign-in', notice }));
  }, []);

  useEffect(() => open(), [open]);
  useEffect(
    () =>
      onSessionEnd(() => {
        setStepUp('none');
        setChoosing(false);
        viewAsStore.leave();
        open('Your session has ended. Sign in again.');
      }),
    [open],
  );

  const signedIn = state.viewer?.id;
  useEffect(() => whyStore.close(), [signedIn]);

  useEffect(() => onStepUpNeeded(() => setStepUp('asked')), []);
  useEffect(() => {
    if (stepUp !== 'confirmed') return undefined;
    const timer = setTimeout(() => setStepUp('none'), NOTICE_MS);
    return () => clearTimeout(timer);
  }, [stepUp]);

  const leave = useCallback(async () => {
    await signOut();
    forget(state.viewer);
    // A fresh page: no answer, no query and no token of this person stays in memory.
    window.location.reload();
  }, [state.viewer]);

  if (state.page === 'waiting') return <Waiting text="Opening the console" />;
  if (state.page === 'sign-in') {
    return <SignIn notice={state.notice} onSignedIn={(viewer) => setState({ page: 'editor', viewer })} />;
  }
  const notice = stepUp === 'confirmed' ? 'Confirmed for ten minutes. Run the operation again.' : null;
  const over = ended === null ? null : `You no longer see what ${ended} sees.`;
  return (
    <div className="console">
      <div>
        <Header viewer={state.viewer} onSignOut={leave} notice={notice ?? over}
          onViewAs={state.viewer.mayViewAs && look === null ? () => setChoosing(true) : null} />
        {look && <ViewAsBanner look={look} />}
      </div>
      {choosing && <ViewAsDialog onClose={() => setChoosing(false)} />}
      {stepUp === 'asked' && (
        <StepUp onConfirmed={() => setStepUp('confirmed')} onCancel={() => setStepUp('none')} />
      )}
      {question && <Why question={question} onClose={whyStore.close} />}
      <main className="console-main">
        <Suspense fallback={<Waiting text="Loading the editor" />}>
          <Editor key={`${state.viewer.id} ${look?.ticket ?? ''}`} viewer={state.viewer} />
        </Suspense>
      </main>
    </div>
  );
}

function Waiting({ text }) {
  return (
    <p className="console-waiting" role="status">
      {text}…
    </p>
  );
}
