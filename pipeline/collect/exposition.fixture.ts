/** Small expositions in the exporters' dialects, and seeded chance, for tests of what reads them. */

/** Mulberry32: the same numbers on every machine. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

export const UUID_A = 'GPU-11111111-aaaa-4000-8000-000000000001';
export const UUID_B = 'GPU-22222222-bbbb-4000-8000-000000000002';

/** 1.x: lower-case names and uuid, old pod labels, no HELP. */
export const DIALECT_1 = `dcgm_gpu_temp{gpu="0",uuid="${UUID_A}",device="nvidia0",container_name="",pod_name="",pod_namespace=""} 44
dcgm_power_usage{gpu="0",uuid="${UUID_A}",device="nvidia0",container_name="",pod_name="",pod_namespace=""} 61.417000
dcgm_gpu_utilization{gpu="0",uuid="${UUID_A}",device="nvidia0",container_name="main",pod_name="job-1",pod_namespace="ai"} 57
dcgm_fb_used{gpu="0",uuid="${UUID_A}",device="nvidia0",container_name="main",pod_name="job-1",pod_namespace="ai"} 4845
dcgm_xid_errors{gpu="0",uuid="${UUID_A}",device="nvidia0",container_name="main",pod_name="job-1",pod_namespace="ai"} 0
`;

/** 3.x: Hostname, UUID, pci_bus_id, driver version as a label, counters from the commented-out part of the default list. */
export const DIALECT_3 = `# HELP DCGM_FI_DEV_SM_CLOCK SM clock frequency (in MHz).
# TYPE DCGM_FI_DEV_SM_CLOCK gauge
DCGM_FI_DEV_SM_CLOCK{gpu="0",UUID="${UUID_A}",pci_bus_id="00000000:53:00.0",device="nvidia0",modelName="NVIDIA H100 80GB HBM3",Hostname="node-1",DCGM_FI_DRIVER_VERSION="535.129.03"} 1980
DCGM_FI_DEV_SM_CLOCK{gpu="1",UUID="${UUID_B}",pci_bus_id="00000000:64:00.0",device="nvidia1",modelName="NVIDIA H100 80GB HBM3",Hostname="node-1",DCGM_FI_DRIVER_VERSION="535.129.03"} 345
# HELP DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION Total energy consumption since boot (in mJ).
# TYPE DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION counter
DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION{gpu="0",UUID="${UUID_A}",pci_bus_id="00000000:53:00.0",device="nvidia0",modelName="NVIDIA H100 80GB HBM3",Hostname="node-1",DCGM_FI_DRIVER_VERSION="535.129.03"} 2147483700
DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION{gpu="1",UUID="${UUID_B}",pci_bus_id="00000000:64:00.0",device="nvidia1",modelName="NVIDIA H100 80GB HBM3",Hostname="node-1",DCGM_FI_DRIVER_VERSION="535.129.03"} 31915939111
DCGM_FI_DEV_THERMAL_VIOLATION{gpu="0",UUID="${UUID_A}",pci_bus_id="00000000:53:00.0",device="nvidia0",modelName="NVIDIA H100 80GB HBM3",Hostname="node-1",DCGM_FI_DRIVER_VERSION="535.129.03"} 1234567890123456
DCGM_FI_PROF_GR_ENGINE_ACTIVE{gpu="0",UUID="${UUID_A}",pci_bus_id="00000000:53:00.0",device="nvidia0",modelName="NVIDIA H100 80GB HBM3",Hostname="node-1",DCGM_FI_DRIVER_VERSION="535.129.03"} 0.995687
`;

/** 4.x: pod labels with a uid, XID gauge with its message, the exporter's own window count. */
export const DIALECT_4 = `DCGM_FI_DEV_GPU_TEMP{gpu="0",UUID="${UUID_A}",pci_bus_id="00000000:53:00.0",device="nvidia0",modelName="NVIDIA H200",Hostname="node-2",container="main",namespace="ai",pod="train-0",pod_uid="7d1a"} 71
DCGM_FI_DEV_XID_ERRORS{gpu="0",UUID="${UUID_A}",pci_bus_id="00000000:53:00.0",device="nvidia0",modelName="NVIDIA H200",Hostname="node-2",container="main",namespace="ai",pod="train-0",pod_uid="7d1a",err_code="79",err_msg="GPU has fallen off the bus"} 79
DCGM_EXP_XID_ERRORS_COUNT{gpu="0",UUID="${UUID_A}",pci_bus_id="00000000:53:00.0",device="nvidia0",modelName="NVIDIA H200",Hostname="node-2",window_size_in_ms="300000",xid="79"} 2
DCGM_FI_DEV_VGPU_LICENSE_STATUS{gpu="0",UUID="${UUID_A}",pci_bus_id="00000000:53:00.0",device="nvidia0",modelName="NVIDIA H200",Hostname="node-2",container="main",namespace="ai",pod="train-0",pod_uid="7d1a"} 0
`;

/** DCGM 4.6: new names, snake-case host label, utilisation that says ratio. */
export const DIALECT_46 = `DCGM_FI_DEV_GPU_TEMP_CELSIUS{gpu="0",UUID="${UUID_A}",pci_bus_id="00000000:53:00.0",modelName="NVIDIA H200",hostname="node-3"} 55
DCGM_FI_DEV_BOARD_POWER_WATTS{gpu="0",UUID="${UUID_A}",pci_bus_id="00000000:53:00.0",modelName="NVIDIA H200",hostname="node-3"} 401.5
DCGM_FI_DEV_GPU_UTIL_RATIO{gpu="0",UUID="${UUID_A}",pci_bus_id="00000000:53:00.0",modelName="NVIDIA H200",hostname="node-3"} 0.42
DCGM_FI_DEV_BOARD_POWER_LIMIT_REQUESTED_WATTS{gpu="0",UUID="${UUID_A}",pci_bus_id="00000000:53:00.0",modelName="NVIDIA H200",hostname="node-3"} 700
DCGM_FI_DEV_NVLINK_THROUGHPUT_TOTAL{nvlink="3",gpu="0",gpu_uuid="${UUID_A}",pci_bus_id="00000000:53:00.0",model_name="NVIDIA H200",hostname="node-3"} 999
`;

/** MIG: a parent row and two instances, board readings repeated per instance, no GPU_UTIL. */
export const DIALECT_MIG = `DCGM_FI_DEV_GPU_TEMP{gpu="0",UUID="${UUID_A}",modelName="NVIDIA A30",Hostname="node-4"} 40
DCGM_FI_DEV_GPU_TEMP{gpu="0",UUID="${UUID_A}",modelName="NVIDIA A30",GPU_I_PROFILE="2g.12gb",GPU_I_ID="1",Hostname="node-4"} 40
DCGM_FI_DEV_GPU_TEMP{gpu="0",UUID="${UUID_A}",modelName="NVIDIA A30",GPU_I_PROFILE="2g.12gb",GPU_I_ID="2",Hostname="node-4"} 40
DCGM_FI_DEV_FB_USED{gpu="0",UUID="${UUID_A}",modelName="NVIDIA A30",GPU_I_PROFILE="2g.12gb",GPU_I_ID="1",Hostname="node-4"} 98
DCGM_FI_DEV_FB_USED{gpu="0",UUID="${UUID_A}",modelName="NVIDIA A30",GPU_I_PROFILE="2g.12gb",GPU_I_ID="2",Hostname="node-4"} 4384
`;
