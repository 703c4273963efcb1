/** Defines `<tessera-video>`. */
import { defineTesseraVideo } from './index.js';

defineTesseraVideo();
