import { render } from 'preact';
import './styles/tokens.css';
import './styles/frame.css';
import './styles/fleet.css';
import './styles/gpu.css';
import './styles/incidents.css';
import './styles/labels.css';
import './styles/prediction.css';
import './styles/money.css';
import './styles/models.css';
import './styles/listing.css';
import { Console } from './console.tsx';
import { startRouter } from './router.ts';
import { startTheme } from './theme.ts';

startTheme();
startRouter();
const root = document.getElementById('console');
if (root !== null) render(<Console />, root);
