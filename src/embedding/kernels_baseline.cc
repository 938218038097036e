#define KERNELS_LANES 4
#define KERNELS_TABLE kBaselineKernels
#define KERNELS_NAME "baseline"
#include "embedding/kernels_impl.inc"
