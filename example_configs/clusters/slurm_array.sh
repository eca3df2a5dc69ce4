#!/bin/bash
# Many models on a SLURM cluster, eight parts side by side; then:  sbatch --dependency=afterany:JOB merge.sh
#   sbatch slurm_array.sh
# A part that was killed or requeued continues where it stopped. The gate decides the exit code of `fairaudit merge` only.
#SBATCH --job-name=fairaudit
#SBATCH --array=1-8
#SBATCH --cpus-per-task=4
#SBATCH --mem=8G
#SBATCH --time=04:00:00
#SBATCH --requeue

set -uo pipefail
export OMP_NUM_THREADS="${SLURM_CPUS_PER_TASK:-4}"
part="${SLURM_ARRAY_TASK_ID}/${SLURM_ARRAY_TASK_COUNT}"

fairaudit audit models/ --config fairaudit.yaml --shard "$part" --output "parts/${SLURM_ARRAY_TASK_ID}" --quiet
code=$?
# 2: a model that cannot be opened is a row of the summary; 3, 4 and 5 come from the gate and are reported by the merge.
case "$code" in
  0 | 2 | 3 | 4 | 5) exit 0 ;;
  *) exit "$code" ;;
esac

# merge.sh, when all parts have ended:
#   fairaudit merge parts/* --output zoo-report
