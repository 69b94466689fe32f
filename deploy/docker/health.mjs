// Stands at /app in the image, beside what was built, so that probes have a path that no release moves.
import './dist/deploy/docker/health.js';
