#define KERNELS_LANES 16
#define KERNELS_TABLE kAvx512Kernels
#define KERNELS_NAME "avx512"
#include "embedding/kernels_impl.inc"
