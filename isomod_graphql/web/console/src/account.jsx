// Entry of the pages that letters lead to: takes the token out of the address before anything else happens.
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import AccountPage from './AccountPage.jsx';
import { takeToken } from './anonymous.js';
import { language, wordsOf } from './words.js';
import './console.css';

const page = window.location.pathname.split('/').pop();
const token = takeToken();
const spoken = language(navigator.languages);
const words = wordsOf(spoken, page);

document.documentElement.lang = spoken;
document.title = `${words.title} – IsoMod`;

createRoot(document.getElementById('root')).render(
  <StrictMode>
    <AccountPage page={page} token={token} words={words} />
  </StrictMode>,
);
