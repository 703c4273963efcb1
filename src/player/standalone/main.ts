// The page as one file: the files that it carries, then the element, then the page.
import './files.js';
import '../tessera-video.js';
import '../page/main.js';
