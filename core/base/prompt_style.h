#pragma once
// Whose rules a prompt is read by.

namespace alice {

enum class PromptStyle {
  plain,    ///< every character is text, and what is beyond one window is cut off: diffusers' pipelines
  a1111,    ///< AUTOMATIC1111's web UI 1.10
  comfyui,  ///< ComfyUI's CLIPTextEncode
};

}  // namespace alice
