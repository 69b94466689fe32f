import { type FigureTable, number } from '../in-figures.ts';
import { CAP_CYCLES, type CmapssFigures } from './cmapss-figures.ts';

export const cmapssTable = (figures: CmapssFigures): FigureTable => {
  const { chosen, trials } = figures;
  return {
    title: `NASA C-MAPSS FD001, simulated turbofans: cycles left of ${figures.test_engines} engines, learned from ${figures.train_engines} others with ${CAP_CYCLES} at most; boosted trees over ${figures.features} rolling means and trends. Depth ${chosen.depth} and leaves of ${chosen.min_child_weight}, the best of ${trials.length} by cross-validation over the engines learned from (RMSE ${number(chosen.rmse, 2)} there, all their cycles). The test engines were looked at five times while features and grid were chosen`,
    header: ['', 'RMSE', 'RMSE, truth not capped', 'PHM08 score', 'bias'],
    rows: [
      [
        'boosting',
        number(figures.rmse, 2),
        number(figures.rmse_uncapped, 2),
        number(figures.phm08_score, 0),
        number(figures.bias, 2),
      ],
      ['always the mean', number(figures.rmse_of_mean, 2), '-', '-', '-'],
      ['deep LSTM, as published', number(figures.published_rmse, 2), '-', '-', '-'],
    ],
  };
};
