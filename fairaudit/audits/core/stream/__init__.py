"""From images to findings: what an audit is, the one loop over the images, and the trial of attribution methods."""
