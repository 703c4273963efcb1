export { summariseFrames, type FrameSummary } from './frame-summary.js';
export { isMetricName, METRIC_NAMES, METRICS, type MetricDescription, type MetricName } from './metric-names.js';
