#define KERNELS_LANES 8
#define KERNELS_TABLE kAvx2Kernels
#define KERNELS_NAME "avx2"
#include "embedding/kernels_impl.inc"
